"""Hunks that are open, by the file they would change, with where they stand in its base."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.landing.renaming import where
from makeitso.review import hunks as hunk_rules
from makeitso.review.line_map import LineMap
from makeitso.runs.reviewing import present_change
from makeitso.workspace import blobs

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence

    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.change import Change, ChangedFile, Hunk
    from makeitso.workspace.git import Repository

WAITS = ("pending", "conflict")
"""States in which a hunk waits for a person."""
OPEN = (*WAITS, "accepted", "rejected")
"""States in which a mark changes something."""


@dataclass(frozen=True, kw_only=True)
class OpenHunk:
    """A hunk that can still be decided on."""

    run: str
    task: str
    hunk: Hunk
    path: str
    """Where its file is now: under its name in the base as long as that has not landed."""
    base: tuple[str, ...] | None
    """Lines of the file it was made for; None: the file is new, binary, or not to be read."""
    first: int = 0
    """First base line it changes, zero-based; where it only inserts, the line below."""
    end: int = 0
    """The line after its last."""
    stale: bool = False
    """Its task has lost its ground: nothing of it lands until a person says what becomes of it."""

    @property
    def waits(self) -> bool:
        """Whether a person has to decide."""
        return self.hunk.state in WAITS


class Waiting:
    """Open hunks of a workspace; a change is computed once for each state of its marks."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Hashable, tuple[OpenHunk, ...]]] = {}

    def by_path(
        self,
        repo: Repository,
        runs: Mapping[str, RunState],
        *,
        paths: Collection[str] | None = None,
    ) -> dict[str, list[OpenHunk]]:
        """Open hunks by path, in order of path, run, task and line; asks git, so not on a loop.

        Args:
            repo: where the contents are.
            runs: the runs.
            paths: look at tasks that touch one of these only; None: at all.
        """
        found: dict[str, list[OpenHunk]] = {}
        for run_id, task in list(open_tasks(runs, paths=paths)):
            for one in self._of(repo, run_id, task):
                found.setdefault(one.path, []).append(one)
        return dict(sorted(found.items()))

    def _of(self, repo: Repository, run_id: str, task: TaskState) -> tuple[OpenHunk, ...]:
        key = state_key(task)
        known = self._known.get((run_id, task.id))
        if known is None or known[0] != key:
            change = present_change(repo, run_id, task)
            stale = bool(task.stale) and task.ended is None
            known = (key, tuple(_open(repo, change, stale=stale)))
            self._known[run_id, task.id] = known
        return known[1]


def open_tasks(
    runs: Mapping[str, RunState], *, paths: Collection[str] | None = None
) -> Iterator[tuple[str, TaskState]]:
    """Tasks with a hunk that waits, by run id; only of those paths if given."""
    for run in runs.values():
        for task in run.tasks.values():
            if task.change is None or not any(s in WAITS for s in task.hunks.values()):
                continue
            moves = task.change.moves
            if paths is None or any(
                hunk.path in paths or moves.get(hunk.path) in paths for hunk in task.change.hunks
            ):
                yield run.id, task


def state_key(task: TaskState) -> Hashable:
    """What the open hunks of a task depend on."""
    change = task.change
    return (
        change and (change.base_tree, change.tree),
        tuple(task.splits.items()),
        tuple(task.hunks.items()),
        tuple(task.hunk_reasons.items()),
        task.stale,
    )


def places(
    found: Iterable[OpenHunk], text: str
) -> Iterator[tuple[OpenHunk, tuple[int, int] | None]]:
    """Each hunk with its first and last line in a text of its file; None: not to be placed.

    Where the base is not known the hunk concerns the whole file, at its first line.
    """
    now = lines_of(text)
    maps: dict[int, LineMap] = {}
    for one in found:
        if one.base is None:
            yield one, (0, 0) if one.hunk.kind != "create" else None
            continue
        made = maps.get(id(one.base))
        if made is None:
            made = maps[id(one.base)] = LineMap(one.base, now)
        yield one, made.place(one.first, one.end)


def lines_of(text: str) -> list[str]:
    """Lines as git counts them, line ends and a byte order mark aside."""
    return [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]


def _open(repo: Repository, change: Change, *, stale: bool) -> Iterator[OpenHunk]:
    files = [file for file in change.files if any(h.state in OPEN for h in file.hunks)]
    wanted = [file.base_blob for file in files if file.base_blob and _by_lines(file)]
    contents = blobs.read(repo, wanted) if wanted else {}
    for file in files:
        base = _text(contents.get(file.base_blob or ""))
        for hunk in file.hunks:
            if hunk.state not in OPEN:
                continue
            edits: Sequence[hunk_rules.LineEdit] = ()
            if base is not None and hunk.diff.startswith("@@ "):
                edits = hunk_rules.edits(hunk)
            yield OpenHunk(
                run=change.run,
                task=change.task,
                hunk=hunk,
                base=base if edits else None,
                first=edits[0].old_from if edits else 0,
                end=edits[-1].old_to if edits else 0,
                path=where(file),
                stale=stale,
            )


def _by_lines(file: ChangedFile) -> bool:
    return not file.binary and any(hunk.diff.startswith("@@ ") for hunk in file.hunks)


def _text(data: bytes | None) -> tuple[str, ...] | None:
    return None if data is None else tuple(lines_of(data.decode("utf-8", "replace")))
