"""A repository with a change of thousands of files in it, and a recorded run that proposed it.

Git makes both trees in one process; the run is told as the engine would have told it, so that what
is measured afterwards is the review and nothing before it.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.protocol import events as ev
from makeitso.protocol.plan import NoManager, Plan, RunOptions, Task
from makeitso.runs.book import Book
from makeitso.runs.proposing import proposed
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal
from makeitso.workspace.git import open_repository
from makeitso.workspace.paths import ensure_dot_makeitso

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from makeitso.protocol.events import EventData

RUN, TASK = "r20261122-1", "T1"
HUNKS_A_FILE = 4
LINES_A_HUNK = 20
"""Far enough apart that git shows each change as a hunk of its own."""
FILES_A_DIRECTORY = 50


@dataclass(frozen=True, kw_only=True)
class LargeChange:
    """The repository, with what everything that is started in it needs to know."""

    root: Path
    home: Path
    files: int
    base: str
    """Commit that is checked out."""
    proposal: str
    """Commit of the whole change."""

    @property
    def hunks(self) -> int:
        """How many there are to decide on."""
        return self.files * HUNKS_A_FILE

    @property
    def env(self) -> dict[str, str]:
        """A person of its own, without settings."""
        return environment(self.home)

    def git(self, *args: str, feed: bytes = b"") -> str:
        """What git says.

        Raises:
            RuntimeError: it failed.
        """
        done = subprocess.run(
            ["git", *args],
            cwd=self.root,
            env=self.env,
            input=feed,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"git {args[0]} failed: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode().strip()

    def pristine(self) -> None:
        """Put the working tree back to the base."""
        self.git("reset", "-q", "--hard", self.base)


def environment(home: Path) -> dict[str, str]:
    """Variables for whatever is started: nothing of the person who measures gets in."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color",
        **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
    }


def make(directory: Path, *, files: int) -> LargeChange:
    """Make the repository in an empty directory, the base checked out; no run is recorded yet."""
    root, home = directory / "work", directory / "home"
    root.mkdir(parents=True)
    home.mkdir()
    large = LargeChange(root=root, home=home, files=files, base="", proposal="")
    large.git("init", "-q", "--initial-branch=main")
    large.git("config", "user.name", "Ada")
    large.git("config", "user.email", "ada@example.org")
    large.git("fast-import", "--quiet", feed=b"".join(_stream(files)))
    large.git("reset", "-q", "--hard", "main")
    base, proposal = large.git("rev-parse", "main", "proposal").split()
    return LargeChange(root=root, home=home, files=files, base=base, proposal=proposal)


def record(large: LargeChange) -> None:
    """Write the journal of a run whose one task has proposed the change, and waits for marks."""
    ensure_dot_makeitso(large.root)
    repo = open_repository(large.root)
    base = large.git("rev-parse", f"{large.base}^{{tree}}")
    tree = large.git("rev-parse", f"{large.proposal}^{{tree}}")
    journal = Journal(large.root / ".makeitso/journal.db", clock=SystemClock(), client="bench")
    try:
        for data in _tape(large, base):
            in_task = not isinstance(data, (ev.RunCreated, ev.PlanMade, ev.ApprovalAsked,
                                            ev.ApprovalDecided))  # fmt: skip
            journal.append(data, actor="engine", run=RUN, task=TASK if in_task else None)
        task = Book(journal).run(RUN).tasks[TASK]
        change = proposed(repo, RUN, task, tree=tree, commit=large.proposal)
        if len(change.hunks) != large.hunks:
            raise RuntimeError(f"{len(change.hunks)} hunks are proposed, not {large.hunks}")
        journal.append(change, actor="engine", run=RUN, task=TASK, phase="task")
        for phase in ("task", "verify", "summarize"):
            journal.append(
                ev.PhaseEnded(state="passed"), actor="engine", run=RUN, task=TASK, phase=phase
            )
        journal.append(
            ev.SummaryWritten(text="It is done.", source="engine"),
            actor="engine",
            run=RUN,
            task=TASK,
        )
        journal.append(ev.TaskReviewing(), actor="engine", run=RUN, task=TASK)
    finally:
        journal.close()


def _tape(large: LargeChange, base: str) -> Iterator[EventData]:
    yield ev.RunCreated(
        goal="Change everything",
        plan="bench.plan.md",
        options=RunOptions(manager=NoManager(kind="none"), policy="delegate"),
        policies=ev.PoliciesInForce(write_files="ask", run_shell="ask", network="never"),
        config_digest="",
        version="0",
    )
    plan = Plan(
        id="bench", title="A large change", goal="All of it.",
        tasks=(Task(id=TASK, title="Change every file"),),
    )  # fmt: skip
    yield ev.PlanMade(path="bench.plan.md", plan=plan, digest="d", task_digests={TASK: "t"})
    yield ev.ApprovalAsked(id="a1", kind="plan", subject="run it", digest="d")
    yield ev.ApprovalDecided(id="a1", grant=True, who="ada")
    yield ev.TaskStarted()
    yield ev.SnapshotTaken(name="base", tree=base, commit=large.base, ref="")


def _stream(files: int) -> Iterator[bytes]:
    """What `git fast-import` makes both commits of."""
    for ref, changed, parent in (
        ("main", False, b""),
        ("proposal", True, b"from refs/heads/main\n"),
    ):
        yield b"commit refs/heads/%s\ncommitter Ada <ada@example.org> 1 +0000\n" % ref.encode()
        yield b"data 2\nc\n" + parent
        for number in range(files):
            data = _content(number, changed=changed)
            path = f"src/part{number // FILES_A_DIRECTORY}/module{number}.py"
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)


def _content(number: int, *, changed: bool) -> bytes:
    lines: list[str] = []
    for at in range(HUNKS_A_FILE * LINES_A_HUNK):
        value = f"value_{at} = {number * 1000 + at}"
        if changed and at % LINES_A_HUNK == LINES_A_HUNK // 2:
            lines += [f"{value} + 1", f"also_{at} = value_{at}"]
        else:
            lines.append(value)
    return "\n".join((*lines, "")).encode()
