"""Marks on hunks, and what would take them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.journal.parts import inside, leaves, parent_of
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from makeitso.journal.state import TaskState
    from makeitso.protocol.events import Event
    from makeitso.protocol.words import HunkState, Mark

MARKABLE = ("pending", "accepted", "rejected", "conflict")
"""States that a mark changes."""
CUTTABLE = ("pending", "accepted", "rejected")
"""States in which a hunk may be split or joined."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing a person did to hunks, as what takes it back.

    Attributes:
        action: the action it is part of.
        seq: where it stands in the journal.
        back: events that restore what was, in order.
        tree: what an edit made the proposal; empty: it was no edit.
        sent: how often the change had been sent back to its worker then.
    """

    action: str
    seq: int
    back: tuple[ev.HunkMarked | ev.HunkSplit | ev.ChangeProposed, ...]
    tree: str = ""
    sent: int = 0


def take_mark(task: TaskState, event: Event) -> None:
    """Take a mark, a split or a join into a task's state."""
    data = event.data
    if not isinstance(data, ev.HunkMarked | ev.HunkSplit):
        return
    if data.undoes:
        _forget(task, data.undoes)
    elif data.action and event.actor == "person":
        back = _back(task, data)
        if back:
            task.steps.append(Step(action=data.action, seq=event.seq, back=back))
    match data:
        case ev.HunkMarked():
            _mark(task, data, by_person=event.actor == "person")
        case ev.HunkSplit(parts=()):
            _join(task, data.hunk)
        case ev.HunkSplit():
            _split(task, data)


def note_edit(
    task: TaskState,
    event: Event,
    *,
    before: ev.ChangeProposed | None,
    states: Mapping[str, HunkState],
) -> None:
    """Remember how an edit that is in the task's state now is taken back, or forget one that was.

    `before` was proposed before it, and its hunks stood as `states` says.
    """
    data = event.data
    if not isinstance(data, ev.ChangeProposed) or before is None:
        return
    if data.undoes:
        _forget(task, data.undoes)
        gone = {hunk.id for hunk in before.hunks} - {hunk.id for hunk in data.hunks}
        for name in [name for name in task.splits if parent_of(name) in gone]:
            del task.splits[name]
            task.cuts.pop(name, None)
    elif data.action and event.actor == "person":
        task.explicit.update(data.marks)
        for hunk in data.marks:
            task.hunk_reasons.pop(hunk, None)
        marks: dict[str, Mark] = {}
        for hunk, state in states.items():
            if state not in MARKABLE or task.hunks.get(hunk, "pending") == state:
                continue
            marks[hunk] = "pending" if state == "conflict" else state
        follows = {now: then for then, now in data.follows.items()}
        back = before.model_copy(
            update={
                "splits": {}, "cuts": (), "carried": {}, "follows": follows, "marks": marks,
                "action": "",
            }
        )  # fmt: skip
        sent = len(task.sent_back)
        step = Step(action=data.action, seq=event.seq, back=(back,), tree=data.tree, sent=sent)
        task.steps.append(step)


def has_effect(task: TaskState, step: Step) -> bool:
    """Whether taking a step back has any effect now."""
    return any(_changes_something(task, event, step) for event in step.back)


def newest_step(task: TaskState) -> Step | None:
    """What would be taken back of a task first; None: nothing."""
    return next((step for step in reversed(task.steps) if has_effect(task, step)), None)


def opens_only(step: Step, hunk: str) -> bool:
    """Whether taking a step back is the same as to open this hunk again, and nothing more."""
    if len(step.back) != 1 or not isinstance(step.back[0], ev.HunkMarked):
        return False
    return step.back[0].hunks == (hunk,) and step.back[0].mark == "pending"


def paths_of(task: TaskState, step: Step) -> set[str]:
    """The files in which taking a step back changes something."""
    now = {hunk.id: hunk.path for hunk in task.change.hunks} if task.change is not None else {}
    found: set[str] = set()
    for event in step.back:
        if isinstance(event, ev.ChangeProposed):
            before = {hunk.id: hunk.path for hunk in event.hunks}
            found |= {path for _, path in before.items() ^ now.items()}
            continue
        named = event.hunks if isinstance(event, ev.HunkMarked) else (event.hunk,)
        found |= {now[whole] for hunk in named if (whole := hunk.partition(".")[0]) in now}
    return found


def _forget(task: TaskState, action: str) -> None:
    task.steps = [step for step in task.steps if step.action != action]


def _changes_something(
    task: TaskState, event: ev.HunkMarked | ev.HunkSplit | ev.ChangeProposed, step: Step
) -> bool:
    if isinstance(event, ev.HunkMarked):
        return any(
            task.hunks.get(hunk) in MARKABLE and task.hunks[hunk] != event.mark
            for hunk in event.hunks
        )
    if isinstance(event, ev.ChangeProposed):
        return _is_there(task, step) and _has_all_that_landed(task, event)
    if not event.parts:
        return may_join(task, event.hunk)
    return task.hunks.get(event.hunk) in CUTTABLE


def _is_there(task: TaskState, step: Step) -> bool:
    """Whether what stands for review is what an edit made, and nothing of it is on its way."""
    if task.landing is not None or len(task.sent_back) != step.sent:
        return False
    return task.change is not None and task.change.tree == step.tree


def _has_all_that_landed(task: TaskState, before: ev.ChangeProposed) -> bool:
    known = {part for hunk in before.hunks for part in leaves(task.splits, hunk.id)}
    return known.issuperset(hunk for hunk, state in task.hunks.items() if state == "landed")


def may_join(task: TaskState, hunk: str) -> bool:
    """Whether a hunk stands as parts none of which has landed or is on its way."""
    return hunk in task.splits and all(
        task.hunks.get(part) in CUTTABLE for part in leaves(task.splits, hunk)
    )


def _mark(task: TaskState, marked: ev.HunkMarked, *, by_person: bool) -> None:
    for hunk in marked.hunks:
        if task.hunks.get(hunk) in MARKABLE:
            task.hunks[hunk] = marked.mark
            if by_person:
                task.explicit.add(hunk)
            if marked.because:
                task.hunk_reasons[hunk] = marked.because
            elif marked.mark != "rejected":
                task.hunk_reasons.pop(hunk, None)


def _split(task: TaskState, split: ev.HunkSplit) -> None:
    state = task.hunks.get(split.hunk)
    if state in CUTTABLE:
        task.splits[split.hunk] = split.parts
        if split.before:
            task.cuts[split.hunk] = split
        task.hunks = _replaced(task.hunks, split.hunk, dict.fromkeys(split.parts, state))
        if split.hunk in task.explicit:
            task.explicit.update(split.parts)


def _join(task: TaskState, hunk: str) -> None:
    if not may_join(task, hunk):
        return
    parts = leaves(task.splits, hunk)
    states = {task.hunks[part] for part in parts}
    state = task.hunks[parts[0]] if len(states) == 1 else "pending"
    for name in inside(task.splits, hunk):
        del task.splits[name]
        task.cuts.pop(name, None)
    if task.explicit.issuperset(parts):
        task.explicit.add(hunk)
    task.hunks = {
        (hunk if name == parts[0] else name): (state if name == parts[0] else known)
        for name, known in task.hunks.items()
        if name == parts[0] or name not in parts
    }


def _back(
    task: TaskState, data: ev.HunkMarked | ev.HunkSplit
) -> tuple[ev.HunkMarked | ev.HunkSplit, ...]:
    """What takes an event back, by how things stand before it."""
    if isinstance(data, ev.HunkMarked):
        return tuple(_marks_back(task, data.hunks))
    if data.parts:
        return (ev.HunkSplit(hunk=data.hunk, parts=()),) if data.hunk in task.hunks else ()
    if not may_join(task, data.hunk):
        return ()
    splits = [
        ev.HunkSplit(
            hunk=name,
            parts=task.splits[name],
            before=task.cuts[name].before if name in task.cuts else (),
            paired=task.cuts[name].paired if name in task.cuts else (),
            drawn=task.cuts[name].drawn if name in task.cuts else (),
        )
        for name in inside(task.splits, data.hunk)
    ]
    return (*splits, *_marks_back(task, leaves(task.splits, data.hunk)))


def _marks_back(task: TaskState, hunks: Iterable[str]) -> Iterable[ev.HunkMarked]:
    """A conflict was a mark that did not work: it comes back as open."""
    by_mark: dict[Mark, list[str]] = {}
    for hunk in hunks:
        state = task.hunks.get(hunk)
        if state in MARKABLE:
            mark = "pending" if state == "conflict" else state
            by_mark.setdefault(mark, []).append(hunk)
    for mark, ids in by_mark.items():
        reasons = {task.hunk_reasons.get(hunk, "") for hunk in ids}
        because = reasons.pop() if mark == "rejected" and len(reasons) == 1 else ""
        yield ev.HunkMarked(hunks=tuple(ids), mark=mark, because=because)


def _replaced(
    hunks: dict[str, HunkState], hunk: str, parts: dict[str, HunkState]
) -> dict[str, HunkState]:
    """The same states with one hunk's place taken by its parts, order kept."""
    out: dict[str, HunkState] = {}
    for known, state in hunks.items():
        out.update(parts if known == hunk else {known: state})
    return out
