"""The jobs whose runs are killed: files, a plan, and a scripted model that can begin anywhere."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from e2e.harness import world
from e2e.stories import CHECK, FILES, POEM, change
from makeitso.scripted import Answer, RequestView, Rule, Run, Say, Script, always, rules

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from e2e.harness import World

PLAN_PATH = "job.plan.md"
RUN = ("run", PLAN_PATH, "--yes")
SAID = "the-worker-says-this"
CONFIG = """[bootstrap]
commands = ["true", "mkdir -p node_modules && echo made > node_modules/made"]
copy = [".env.test"]
"""
SET_UP = {
    ".gitignore": "node_modules/\n.env*\n",
    "package-lock.json": "{}\n",
    ".env.test": "KEY=tests\n",
}
"""What set-up of every job stands on; the last is ignored and so copied."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run's worth of work, and what stands in the workspace when it is done."""

    script: Callable[[], Script]
    files: Mapping[str, str]
    landed: Mapping[str, str]
    """Text of the files that change."""
    tasks: tuple[str, ...] = ("T1",)
    start: tuple[str, ...] = RUN
    manager: str = "none"
    config: str = CONFIG
    extra: Mapping[str, str] = field(default_factory=dict[str, str])


_GONE = re.compile(r"^-(line .+)$", re.MULTILINE)


def _worker(name: str, *steps: tuple[str, str], path: str = "poem.txt") -> Script:
    """Puts something out, changes lines, says that it is done; from scratch or half-way.

    Codex empties a file before it writes it anew (measured with codex 0.163): killed between the
    two, it leaves the file empty, and the worker that goes on has to see that and begin again.
    """

    def restored(view: RequestView) -> int:
        """How many calls there were when the file was written anew; 0: it was not."""
        at = [n for n, call in enumerate(view.calls, 1) if call.key.startswith("restore")]
        return next((n for n in reversed(at) if view.calls[n - 1].succeeded), 0)

    def done(view: RequestView, key: str, mark: str, *, since: int = 0) -> bool:
        tried = [call for call in view.calls[since:] if call.key.startswith(key)]
        return (not since and mark in view.last_user_text) or any(c.succeeded for c in tried)

    def script(view: RequestView) -> Answer:
        fresh, since = len(view.calls), restored(view)
        if "\n-line 1\n" in view.last_user_text and not since:
            lines = " ".join(f"'{line}'" for line in _GONE.findall(view.last_user_text))
            return Answer(
                items=(Run(f"printf '%s\\n' {lines} > {path}", f"restore-{name}-{fresh}"),)
            )
        if not done(view, "say", "+line"):
            return Answer(
                items=(Run(f"echo {SAID}; echo error: of no pattern >&2", f"say-{name}-{fresh}"),)
            )
        for old, new in steps:
            key = new.replace(" ", "-")
            if not done(view, key, f"+{new}", since=since):
                return Answer(items=(change(old, new, path=path, call=f"{key}-{fresh}"),))
        return Answer(items=(Say("All lines are spelled out.", phase="final_answer"),))

    return script


TWO, THIRTY = ("line 2", "line two"), ("line 30", "line thirty")
LANDED = POEM.replace("line 2\n", "line two\n").replace("line 30\n", "line thirty\n")
PLAN = f"""# The poem counts in words

Lines 2 and 30 of `poem.txt` are spelled out.

- [ ] **T1** Spell the second and the thirtieth line
  - files: `poem.txt`
  - done when: `{CHECK}` (was: failing)
"""
ONE_TASK = Job(
    script=lambda: _worker("T1", TWO, THIRTY),
    files={**FILES, **SET_UP, PLAN_PATH: PLAN},
    landed={"poem.txt": LANDED, PLAN_PATH: PLAN.replace("[ ]", "[x]")},
)
"""A plain run: one task, two hunks."""

_SONG_LANDED = POEM.replace("line 2\n", "line zwei\n")
_CHECKS = {
    "song.sh": "grep -q 'line zwei' song.txt\n",
    "rest.sh": "grep -q 'line thirty' poem.txt\n",
}
_PARALLEL = f"""# Two texts count in words

Line 2 of each is spelled out, then line 30 of the poem.

- [ ] **T1** Spell the poem
  - files: `poem.txt`
  - done when: `{CHECK}` (was: failing)
- [ ] **T2** Spell the song
  - files: `song.txt`
  - done when: `sh song.sh` (was: failing)
- [ ] **T3** Finish it
  - after: T1
  - files: `poem.txt`
  - done when: `sh rest.sh` (was: failing)
"""


def _titled(title: str, script: Script) -> Rule:
    return Rule(when=lambda view: any(title in text for text in view.user_texts), answer=script)


THREE_TASKS = Job(
    script=lambda: rules(
        _titled("Spell the poem", _worker("T1", TWO)),
        _titled("Spell the song", _worker("T2", ("line 2", "line zwei"), path="song.txt")),
        _titled("Finish it", _worker("T3", THIRTY)),
    ),
    files={**FILES, **SET_UP, "song.txt": POEM, **_CHECKS, PLAN_PATH: _PARALLEL},
    landed={
        "poem.txt": LANDED,
        "song.txt": _SONG_LANDED,
        PLAN_PATH: _PARALLEL.replace("[ ]", "[x]"),
    },
    tasks=("T1", "T2", "T3"),
)
"""Two tasks side by side, a third after one of them."""

_DRAFT = {
    "title": "The poem counts in words",
    "goal": "Lines 2 and 30 are spelled out.",
    "tasks": [
        {
            "id": "T1",
            "title": "Spell the second line",
            "goal": "Line two, to begin with.",
            "files": ["poem.txt"],
            "checks": [CHECK],
            "after": [],
        }
    ],
}


def _verdict(view: RequestView) -> dict[str, object]:
    if "+line thirty" in view.last_user_text:
        return {"verdict": "done", "instructions": "", "note": "Good.", "wait_s": 0}
    wanted = "Spell line thirty as well."
    return {"verdict": "continue", "instructions": wanted, "note": "Not all.", "wait_s": 0}


def _manager(view: RequestView) -> Answer:
    wanted = _verdict(view) if "verdict" in json.dumps(view.schema) else _DRAFT
    return Answer(items=(Say(json.dumps(wanted), phase="final_answer"),))


def _sent_back(view: RequestView) -> Answer:
    told = any("Spell line thirty" in text for text in view.user_texts)
    return _worker("T1", TWO, THIRTY)(view) if told else _worker("T1", TWO)(view)


MANAGED = Job(
    script=lambda: rules(
        Rule(when=lambda view: view.schema_name is not None, answer=_manager),
        Rule(when=always, answer=_sent_back),
    ),
    files={**FILES, **SET_UP},
    landed={"poem.txt": LANDED},
    start=("run", "The poem counts in words", "--yes"),
    manager="codex",
)
"""A manager makes the plan, and sends the work back once."""


@contextlib.contextmanager
def workplace(top: Path, job: Job = ONE_TASK) -> Generator[World]:
    """A world with a job's files in it, and no trace of ours in the repository."""
    with world(top, job.script(), files=job.files, config=job.config, manager=job.manager) as made:
        made.extra.update(job.extra)
        yield made
