"""What tools said of files while a worker ran them: kept for as long as the run stands there. Pure.

A worker works in a tree of its own. What a tool printed there is told at the file of the workspace,
until the task goes on to something else: then it may be mended, and nobody printed it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.protocol.events import Event
    from makeitso.protocol.record import Record
    from makeitso.protocol.words import Severity

MOST = 1000
"""Findings of one task at once; a tool that says more is not read in a list of problems."""
MOST_CHARACTERS = 1000
"""Of one message."""
_INTENTS = frozenset({"diagnostic", "test"})
_GOES_ON = (
    ev.TurnStarted,
    ev.PhaseStarted,
    ev.TaskReviewing,
    ev.TaskEnded,
    ev.RunFinished,
    ev.WorktreeRemoved,
)
_GOOD = frozenset({"passed", "ok", "xfail", "skipped", "pass", "ignored"})


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing a tool said of a place.

    Attributes:
        run: in which run.
        task: in which task.
        worktree: absolute path of the tree it was said of.
        path: file, relative to the workspace.
        line: as printed, from 1.
        column: as printed, from 1; None: the whole line.
        severity: as the tool said.
        tool: first part of the name of the pattern that read it, as `mypy`.
        code: as printed.
        message: as printed, at most so many characters.
    """

    run: str
    task: str
    worktree: str
    path: str
    line: int
    column: int | None
    severity: Severity
    tool: str
    code: str
    message: str


class Findings:
    """The findings that stand, by run and task."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], dict[Finding, None]] = {}
        self._trees: dict[tuple[str, str], str] = {}

    def take(self, event: Event) -> bool:
        """Take one event; whether what stands may be other than before."""
        run, data = event.run or "", event.data
        if isinstance(data, ev.RunFinished):
            gone = [key for key in self._found if key[0] == run]
            for key in gone:
                del self._found[key]
            return bool(gone)
        if event.task is None:
            return False
        key = (run, event.task)
        if isinstance(data, ev.WorktreeCreated):
            self._trees[key] = data.path
        elif isinstance(data, ev.RecordFound):
            return self._record(key, data.record)
        elif isinstance(data, _GOES_ON):
            return self._found.pop(key, None) is not None
        return False

    def all(self) -> Iterable[Finding]:
        """Everything that stands."""
        for found in self._found.values():
            yield from found

    def _record(self, key: tuple[str, str], record: Record) -> bool:
        finding = _finding(key, self._trees.get(key, ""), record)
        here = self._found.setdefault(key, {})
        if finding is None or finding in here or len(here) >= MOST:
            return False
        here[finding] = None
        return True


def _finding(key: tuple[str, str], worktree: str, record: Record) -> Finding | None:
    """What a record says of a place; None when it names none, or says that all is well."""
    said = (record.severity or "").lower()
    if record.intent not in _INTENTS or not record.path or not record.line or said in _GOOD:
        return None
    path = record.path.partition("::")[0]
    if path.startswith(("/", "~")) or ".." in path.split("/") or "\\" in path or "\0" in path:
        return None  # it lies outside of the worktree, so it is no file of the workspace
    return Finding(
        run=key[0],
        task=key[1],
        worktree=worktree,
        path=path.removeprefix("./"),
        line=record.line,
        column=record.column or None,
        severity=severity_of(said),
        tool=record.pattern.partition("_")[0],
        code=record.code or "",
        message=(record.message or said or record.pattern)[:MOST_CHARACTERS],
    )


def severity_of(said: str) -> Severity:
    """The severity of a word or letter that a tool printed; without one it is an error."""
    word = said.strip("[]():").lower()
    if word.startswith("w"):
        return "warning"
    if word in ("help", "hint"):
        return "hint"
    if word.startswith(("note", "info", "style", "remark", "conv", "refactor", "debug")):
        return "information"
    if word in ("c", "r", "n", "i"):
        return "information"
    return "error"
