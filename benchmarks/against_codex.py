"""`mis run` of a plan with one task, against bare `codex exec` on the same scripted job.

What ours does more: snapshots, a worktree, the check on the base and on the result, the journal,
frames and records, the diff by hunks, landing. The model costs nothing on either side.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Cost, Row, program_cost
from makeitso.codex.find import find_codex
from makeitso.scripted import Answer, Patch, Run, Say, serve, workflow

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "sk-scripted-benchmark"
MODEL = "gpt-5.5"
GOAL = "Make the greeting brave: `hello.txt` says brave new world."
# Names no file: a file that its own check names would be left for a person to land.
CHECK = "git grep -q brave"
BRAVE = (
    "*** Begin Patch\n*** Update File: hello.txt\n@@\n hello\n-world\n+brave new world\n"
    "*** End Patch\n"
)
SCRIPT = workflow(
    Answer(items=(Say("Looking.", phase="commentary"), Run("cat hello.txt", "look"))),
    Answer(items=(Patch(BRAVE, "change"),)),
    Answer(items=(Run(CHECK, "check"),)),
    Answer(items=(Say("The greeting is brave.", phase="final_answer"),)),
)
PLAN = f"""# A brave greeting

{GOAL}

- [ ] **T1** Change the greeting
  - files: `hello.txt`
  - done when: `{CHECK}` (was: failing)
"""


@dataclass(frozen=True)
class Job:
    """A fresh repository, a home and the environment of one run."""

    repository: Path
    home: Path
    env: dict[str, str]


def rows(runs: int) -> list[Row]:
    """CPU and wall time of both, medians."""
    ours: list[Cost] = []
    bare: list[Cost] = []
    with serve(SCRIPT, key=KEY) as server:
        for _ in range(runs + 1):
            ours.append(_fresh(_mis_run, server.base_url))
            bare.append(_fresh(_codex_exec, server.base_url))
    # The first of each warms caches and does not count.
    ours, bare = ours[1:], bare[1:]
    return [
        _row("CPU", "s CPU", [cost.cpu_s for cost in ours], [cost.cpu_s for cost in bare]),
        _row("time", "s", [cost.wall_s for cost in ours], [cost.wall_s for cost in bare]),
    ]


def _row(kind: str, unit: str, ours: list[float], bare: list[float]) -> Row:
    return Row(
        what=f"mis run, one task ({kind})",
        against="codex exec",
        unit=unit,
        ours=statistics.median(ours),
        bare=statistics.median(bare),
        runs=len(ours),
    )


def _fresh(side: Callable[[Job, str], Cost], base_url: str) -> Cost:
    """Do the job once in a place of its own, and see that it was done."""
    with tempfile.TemporaryDirectory(prefix="makeitso-bench-") as directory:
        job = _make_job(Path(directory))
        cost = side(job, base_url)
        text = (job.repository / "hello.txt").read_text("utf-8")
        if "brave" not in text:
            raise RuntimeError(f"the job was not done: hello.txt says {text!r}")
        return cost


def _make_job(top: Path) -> Job:
    repository, home, tmp = top / "repository", top / "home", top / "tmp"
    for folder in (repository, home, tmp):
        folder.mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(tmp),
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C.UTF-8",
        "CODEX_API_KEY": KEY,
    }
    (repository / "hello.txt").write_text("hello\nworld\n", "utf-8")
    person = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for words in (("init", "-q"), ("add", "."), (*person, "commit", "-q", "-m", "begin")):
        subprocess.run(["git", *words], cwd=repository, env=env, check=True)
    return Job(repository, home, env)


def _mis_run(job: Job, base_url: str) -> Cost:
    config = job.home / ".config" / "makeitso" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        f'[manager]\nkind = "none"\n[workers.codex]\nmodel = "{MODEL}"\nbase_url = "{base_url}"\n',
        "utf-8",
    )
    plan = job.repository / ".makeitso" / "plans" / "brave.plan.md"
    plan.parent.mkdir(parents=True)
    plan.write_text(PLAN, "utf-8")
    command = [sys.executable, "-m", "makeitso", "run", str(plan), "--yes"]
    return program_cost(command, cwd=job.repository, env=job.env)


def _codex_exec(job: Job, base_url: str) -> Cost:
    codex_home = job.home / ".codex"
    codex_home.mkdir()
    (codex_home / "config.toml").write_text(
        f'model = "{MODEL}"\nmodel_provider = "scripted"\ncheck_for_update_on_startup = false\n'
        f'[model_providers.scripted]\nname = "scripted"\nbase_url = "{base_url}"\n'
        'wire_api = "responses"\nenv_key = "CODEX_API_KEY"\n',
        "utf-8",
    )
    command = [str(find_codex()[0]), "exec", "--json", "--sandbox", "workspace-write", "-"]
    return program_cost(command, cwd=job.repository, env=job.env, feed=GOAL)
