"""A real file with hunks that are open: where they stand in what is typed, what can be done there.

What has to be asked of git is asked off the loop, when marks or the set of open files changed; a
key press only places what is known already in the text as it is now.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anyio import to_thread
from lsprotocol import types

from makeitso.errors import MisError
from makeitso.journal.marking import newest_step, opens_only, paths_of
from makeitso.lsp.actions import Action
from makeitso.lsp.review_actions import UNDO, marks_of, step
from makeitso.protocol.counts import counted
from makeitso.protocol.text import Span
from makeitso.runs.waiting import OpenHunk, Waiting, open_tasks, places, state_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from makeitso.journal.state import RunState
    from makeitso.lsp.documents import Document
    from makeitso.lsp.positions import TextIndex
    from makeitso.requests.place import Workplace

log = logging.getLogger(__name__)

SHOWN_LINES = 12
"""So much of a hunk stands in its diagnostic; the review document has all of it."""


@dataclass(frozen=True, kw_only=True)
class FileHunk:
    """An open hunk in the text of its file."""

    one: OpenHunk
    first: int
    last: int


class FileViews:
    """Open hunks of the files that are open in the editor."""

    def __init__(self) -> None:
        self._waiting = Waiting()
        self._found: dict[str, list[OpenHunk]] = {}
        self._key: object = None

    async def refresh(self, at: Workplace, paths: Collection[str]) -> bool:
        """Look at the hunks of these files anew; whether anything about them changed.

        Args:
            at: the workspace.
            paths: open files, relative to it.
        """
        runs = at.known_runs()
        tasks = list(open_tasks(runs, paths=paths))
        key = (frozenset(paths), tuple((run, task.id, state_key(task)) for run, task in tasks))
        if key == self._key:
            return False
        if not tasks:
            self._key, self._found = key, {}
            return True
        try:
            found = await to_thread.run_sync(
                lambda: self._waiting.by_path(at.bridge.repo, runs, paths=paths)
            )
        except MisError as error:  # a proposal whose objects are gone: nothing can be placed
            log.warning("hunks.unreadable", extra={"why": error.message})
            found = {}
        self._key, self._found = key, {path: found[path] for path in paths if path in found}
        return True

    def hunks(self, path: str, text: str) -> list[FileHunk]:
        """Open hunks of a file where they stand in its text, in order."""
        placed = [
            FileHunk(one=one, first=lines[0], last=lines[1])
            for one, lines in places(self._found.get(path, ()), text)
            if lines is not None
        ]
        return sorted(placed, key=lambda hunk: hunk.first)


def relative_path(document: Document, root: Path) -> str | None:
    """The path of a document in the workspace; None for one that lies elsewhere."""
    path = document.path
    if document.kind != "other" or path is None:
        return None
    if not path.is_relative_to(root):
        path = path.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else None


def file_diagnostics(
    found: list[FileHunk], index: TextIndex, severity: types.DiagnosticSeverity
) -> list[types.Diagnostic]:
    """One for each hunk that waits."""
    return [
        types.Diagnostic(
            range=index.range(_span(hunk, index)),
            message=message(hunk.one),
            severity=severity,
            code="hunk-in-conflict" if hunk.one.hunk.state == "conflict" else "hunk-waits",
            source="makeitso",
        )
        for hunk in found
        if hunk.one.waits
    ]


def message(one: OpenHunk) -> str:
    """What a hunk would do here, in words and lines."""
    hunk = one.hunk
    header, *lines = hunk.diff.removesuffix("\n").split("\n")
    changed = [line for line in lines if line[:1] in ("+", "-")] if header[:2] == "@@" else [header]
    more = len(changed) - SHOWN_LINES
    shown = [*changed[:SHOWN_LINES], *([f"… and {counted(more, 'line')} more"] if more > 0 else [])]
    said = f"Hunk {hunk.id} of {one.run} {one.task} waits for you"
    if hunk.state == "conflict":
        said = f"Hunk {hunk.id} of {one.run} {one.task} could not land: {hunk.reason}"
    flags = f" ({', '.join(hunk.flags)})" if hunk.flags else ""
    stale = f"; {one.task} is stale, nothing of it lands now" if one.stale else ""
    return "\n".join((f"{said}{stale}{flags}:", *shown))


def file_actions(
    found: list[FileHunk], uri: str, runs: Mapping[str, RunState], *, first: int, last: int
) -> list[Action]:
    """What can be done on these lines with the hunks there."""
    here = [hunk for hunk in found if hunk.first <= last and first <= hunk.last]
    actions: list[Action] = []
    for hunk in here:
        name = hunk.one.hunk.id
        action = _maker(hunk, f" ({name})" if len(here) > 1 else "")
        actions += marks_of(name, hunk.one.hunk.state, action)
        if hunk.one.hunk.diff.startswith("@@ "):
            for title, to in (("Edit…", "edit"), ("Comment…", "comment")):
                actions.append(action(title, "mis.review.show", {"hunk": name, "to": to}))
        for title, where in (("Show in review", "review"), ("Show proposal", "proposal")):
            if where == "proposal" and hunk.one.hunk.kind == "delete":
                continue
            actions.append(action(title, "mis.review.show", {"hunk": name, "where": where}))
    actions += _steps_back(here, runs)
    if any(hunk.one.waits for hunk in found):
        top = Span(line=first, column=0, end_line=first, end_column=0)
        actions += [
            step(title, uri, top, line=first, last=last) for title in ("Next hunk", "Previous hunk")
        ]
    return actions


def _steps_back(here: list[FileHunk], runs: Mapping[str, RunState]) -> Iterator[Action]:
    """Take back what was done last in this file, where no mark here says the same."""
    by_task: dict[tuple[str, str], list[FileHunk]] = {}
    for hunk in here:
        by_task.setdefault((hunk.one.run, hunk.one.task), []).append(hunk)
    for (run, name), hunks in by_task.items():
        task = runs[run].tasks.get(name) if run in runs else None
        step = newest_step(task) if task is not None else None
        if task is None or step is None or hunks[0].one.hunk.path not in paths_of(task, step):
            continue
        if not any(opens_only(step, hunk.one.hunk.id) for hunk in hunks):
            make = _maker(hunks[0], f" ({name})" if len(by_task) > 1 else "")
            yield make(UNDO, "mis.hunk.undo", {"run": run, "task": name})


def _maker(hunk: FileHunk, suffix: str) -> Callable[[str, str, Mapping[str, object]], Action]:
    def make(title: str, command: str, params: Mapping[str, object]) -> Action:
        return Action(
            title=f"{title}{suffix}",
            command=command,
            params=params,
            span=Span(line=hunk.first, column=0, end_line=hunk.first, end_column=0),
            first=hunk.first,
            last=hunk.last,
            answers=hunk.one.hunk.id if hunk.one.waits else "",
        )

    return make


def _span(hunk: FileHunk, index: TextIndex) -> Span:
    return Span(
        line=hunk.first,
        column=0,
        end_line=hunk.last,
        end_column=index.columns(hunk.last),
    )
