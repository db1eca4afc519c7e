"""What a person does to hunks: marks, also of chosen lines, splits, joins; and taking that back."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import StateError
from makeitso.journal.marking import has_effect, may_join
from makeitso.journal.parts import leaves
from makeitso.protocol import events as ev
from makeitso.review import cuts, hunks
from makeitso.review.marks import find
from makeitso.runs.reviewing import locate, present_change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.change import Hunk
    from makeitso.protocol.words import Mark
    from makeitso.runs.book import Book
    from makeitso.workspace.git import Repository

    Lines = Mapping[str, Sequence[tuple[int, int]]]

_OPEN = ("pending", "accepted", "rejected", "conflict")


@dataclass(frozen=True, kw_only=True)
class Undone:
    """What was taken back: hunks whose state is another now, by run and task."""

    hunks: Mapping[tuple[str, str], tuple[str, ...]]


def mark(book: Book, hunk_ids: Sequence[str], to: Mark, *, because: str = "") -> None:
    """Mark hunks, of one task or several; what cannot be marked is an error and marks nothing.

    Raises:
        NotFoundError: an id names no hunk.
        StateError: a hunk has landed or can never land.
    """
    book.refresh()
    _record_marks(book, hunk_ids, to, because=because, action=new_action())


def mark_lines(
    book: Book,
    repo: Repository,
    lines: Lines,
    to: Mark,
    *,
    whole: Sequence[str] = (),
    rest: Mark | None = None,
    because: str = "",
) -> tuple[str, ...]:
    """Mark chosen lines of hunks, and other hunks as a whole, as one action.

    A hunk of which some lines are chosen stands as its parts from then on.

    Args:
        book: the journal.
        repo: where the lines are.
        lines: ranges of lines as shown, one-based, ends included, by hunk id.
        to: the mark.
        whole: hunks to mark as they are.
        rest: the mark of the lines that were not chosen; None: they stay as they are.
        because: reason of a rejection.

    Returns:
        Ids of the parts that hold the chosen lines, and of what was marked as a whole.

    Raises:
        NotFoundError: an id names no hunk.
        StateError: a hunk has landed, stands as its parts, or cannot be taken by lines.
        UsageError: there are no such lines, or none of them is changed.
    """
    book.refresh()
    chosen: list[str] = list(whole)
    others: list[str] = []
    splits: list[tuple[RunState, TaskState, ev.HunkSplit]] = []
    action = new_action()
    for name, ranges in lines.items():
        run, task, hunk = _standing(book, repo, name)
        _require_open(task, name)
        choice = cuts.choose(hunk, ranges)
        if choice.cut is None:
            chosen.append(name)
            continue
        ids = tuple(part.id for part in cuts.cut(hunk, choice.cut))
        splits.append((run, task, _split_event(name, ids, action=action, cut=choice.cut)))
        chosen += [ids[n] for n in choice.chosen]
        others += [part for n, part in enumerate(ids) if n not in choice.chosen]
    # everything that can be wrong is looked at before the first event
    cut_now = {split.hunk for _, _, split in splits}
    known = {part for _, _, split in splits for part in split.parts}
    _checked(book, [name for name in chosen if name not in known | cut_now], to)
    for run, task, split in splits:
        book.journal.append(split, actor="person", run=run.id, task=task.id)
    book.refresh()
    _record_marks(book, chosen, to, because=because, action=action)
    if rest is not None and others:
        _record_marks(book, others, rest, because=because, action=action)
    return tuple(chosen)


def split_hunk(
    book: Book, repo: Repository, hunk_id: str, *, at: int | None = None
) -> tuple[str, ...]:
    """Let a hunk, or a part of one, stand as its parts; returns their ids.

    Args:
        book: the journal.
        repo: where the lines are.
        hunk_id: the hunk.
        at: the line as shown, one-based, that begins the second part; None: at unchanged lines.

    Raises:
        NotFoundError: no such hunk.
        StateError: it has no unchanged line to be split at, or is decided for good.
        UsageError: nothing is changed on one side of the line.
    """
    book.refresh()
    run, task, hunk = _standing(book, repo, hunk_id)
    if task.hunks.get(hunk_id) not in ("pending", "accepted", "rejected"):
        raise StateError(
            f"hunk {hunk_id} cannot be split: it is {task.hunks.get(hunk_id, 'gone')}",
            hint="split hunks that have not landed",
        )
    cut = None if at is None else cuts.cut_at(hunk, at)
    parts = hunks.split(hunk) if cut is None else cuts.cut(hunk, cut)
    if len(parts) < 2:
        raise StateError(
            f"hunk {hunk_id} cannot be split: no unchanged line stands between its changes",
            hint=f"cut it at a line: `mis review split {hunk_id} --at LINE`",
        )
    ids = tuple(part.id for part in parts)
    book.journal.append(
        _split_event(hunk_id, ids, action=new_action(), cut=cut),
        actor="person",
        run=run.id,
        task=task.id,
    )
    return ids


def join_hunk(book: Book, hunk_id: str) -> str:
    """Let parts stand as one hunk again: all those of a hunk, or of the part it is itself.

    The hunk keeps the mark its parts agree on, and is open when they do not.

    Returns:
        The id of the hunk that stands again.

    Raises:
        NotFoundError: no such hunk.
        StateError: it is not split, or a part of it has landed.
    """
    book.refresh()
    run, task = locate(book, hunk_id)
    name = hunk_id if hunk_id in task.splits else hunk_id.rpartition(".")[0]
    if name not in task.splits:
        raise StateError(
            f"hunk {hunk_id} is not split", hint="`mis review --json` lists the hunks as they stand"
        )
    if not may_join(task, name):
        raise StateError(
            f"hunk {name} cannot be joined: a part of it has landed or could not land",
            hint="`mis review` shows where its parts stand",
        )
    book.journal.append(
        ev.HunkSplit(hunk=name, parts=(), action=new_action()),
        actor="person",
        run=run.id,
        task=task.id,
    )
    return name


def undo_marks(book: Book, *, run: str | None = None, task: str | None = None) -> Undone:
    """Take back the newest mark, edit, split or join that a person made; again: the one before.

    Raises:
        NotFoundError: there is no such run.
        StateError: there is nothing to take back, or what was marked has landed.
    """
    book.refresh()
    places = list(_places(book, run, task))
    steps = [step for _, t in places for step in t.steps if has_effect(t, step)]
    if not steps:
        landed = any(t.steps for _, t in places)
        raise StateError(
            "what was marked has landed or is gone" if landed else "no mark can be taken back",
            hint="`mis review undo` takes a landing back"
            if landed
            else "`mis review reopen ID` opens a hunk that a policy marked",
        )
    action = max(steps, key=lambda step: step.seq).action
    changed: dict[tuple[str, str], tuple[str, ...]] = {}
    for r, t in list(_places(book, None, None)):
        back = [event for step in reversed(t.steps) if step.action == action for event in step.back]
        if not back:
            continue
        before = dict(t.hunks)
        if any(isinstance(event, ev.ChangeProposed) for event in back):
            void_question(book, r, t.id, reason="an edit was taken back")
        for event in back:
            undo = event.model_copy(update={"undoes": action})
            book.journal.append(undo, actor="person", run=r.id, task=t.id)
        book.refresh()
        after = book.run(r.id).tasks[t.id].hunks
        changed[r.id, t.id] = tuple(h for h, state in after.items() if before.get(h) != state)
    return Undone(hunks=changed)


def _places(book: Book, run: str | None, task: str | None) -> Iterator[tuple[RunState, TaskState]]:
    for state in [book.run(run)] if run else book.runs.values():
        for one in state.tasks.values():
            if task in (None, one.id):
                yield state, one


def void_question(book: Book, run: RunState, task: str, *, reason: str) -> None:
    """Let the question about a change fall away: it asked about the hunks as they were.

    An answer to it would be one to something else.
    """
    for approval in run.pending:
        if approval.kind == "change" and task in approval.tasks:
            gone = ev.ApprovalVoided(id=approval.id, reason=reason)
            book.journal.append(gone, actor="person", run=run.id, task=task)


def new_action() -> str:
    """A name for what a person does at once, to be taken back at once."""
    return secrets.token_hex(6)


def _split_event(
    hunk: str, parts: tuple[str, ...], *, action: str, cut: cuts.Cut | None
) -> ev.HunkSplit:
    return ev.HunkSplit(
        hunk=hunk,
        parts=parts,
        before=cut.before if cut else (),
        paired=cut.paired if cut else (),
        drawn=cut.drawn if cut else (),
        action=action,
    )


def _standing(book: Book, repo: Repository, name: str) -> tuple[RunState, TaskState, Hunk]:
    """A hunk that stands as itself, with its lines."""
    run, task = locate(book, name)
    if name in task.splits:
        raise StateError(
            f"hunk {name} stands as its parts",
            hint=f"name one of {', '.join(leaves(task.splits, name))}, or join it first",
        )
    hunk = find(present_change(repo, run.id, task), name)
    if hunk is None:
        raise StateError(f"hunk {name} is no part of the change any more")
    return run, task, hunk


def _require_open(task: TaskState, name: str) -> None:
    if task.hunks.get(name) == "conflict":
        raise StateError(
            f"hunk {name} is in conflict: its lines cannot be chosen",
            hint=f"take it back first: `mis review reopen {name}`",
        )
    _require_markable(task, name, "pending")


def _require_markable(task: TaskState, name: str, to: Mark) -> None:
    state = task.hunks.get(name)
    if state == "landed":
        raise StateError(
            f"hunk {name} has landed already",
            hint="undo it with your editor or `git checkout -p`",
        )
    if state == "refused" and to == "accepted":
        known = task.change.hunks if task.change else ()
        raise StateError(
            f"hunk {name} can never land: {next((h.refused for h in known if h.id == name), '')}"
        )


def _checked(book: Book, names: Sequence[str], to: Mark) -> dict[tuple[str, str], list[str]]:
    """Hunks to mark by run and task; parts stand for what is split."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in names:
        run, task = locate(book, name)
        for one in leaves(task.splits, name):
            _require_markable(task, one, to)
            if task.hunks.get(one) in _OPEN:
                found.setdefault((run.id, task.id), []).append(one)
    return found


def _record_marks(book: Book, names: Sequence[str], to: Mark, *, because: str, action: str) -> None:
    for (run, task), ids in _checked(book, names, to).items():
        book.journal.append(
            ev.HunkMarked(hunks=tuple(ids), mark=to, because=because, action=action),
            actor="person",
            run=run,
            task=task,
        )
