"""What people say to a change → state: comments, sending back, the check of what is accepted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from makeitso.journal.rescheduling import open_again, reopen
from makeitso.protocol import events as ev
from makeitso.protocol.comment import Comment
from makeitso.protocol.counts import counted

if TYPE_CHECKING:
    from makeitso.journal.rules import Rules
    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.events import Event


@dataclass(kw_only=True)
class CommentState:
    """One comment that holds."""

    id: str
    at: int
    said: ev.CommentAdded
    names: tuple[str, ...] = ()
    """Ids of the hunk it is about, oldest first: an edit gives it another one."""
    hunk: str = ""
    """The one of them that stands now; empty: it is about no hunk, or that is gone."""
    sent: int = 0
    """The round it went to the worker with; 0: not yet."""


def at_this_moment(task: TaskState) -> TaskState:
    """The task as its review stands: what is folded later changes nothing of that."""
    return replace(
        task,
        hunks=dict(task.hunks),
        hunk_reasons=dict(task.hunk_reasons),
        splits=dict(task.splits),
        cuts=dict(task.cuts),
        looked=set(task.looked),
        kept=set(task.kept),
        explicit=set(task.explicit),
        comments=[replace(known) for known in task.comments],
        sent_back=list(task.sent_back),
    )


@dataclass(frozen=True, kw_only=True)
class AcceptedResult:
    """What the checks said of the hunks that were accepted then."""

    said: ev.AcceptedChecked
    current: bool
    """Exactly these are accepted, or have landed, now."""


def converse(run: RunState, task: TaskState, event: Event) -> None:
    """Take one such event into the state of its task."""
    match event.data:
        case ev.CommentAdded() as said:
            name = said.hunk or ""
            names = (name,) if name else ()
            known = CommentState(id=f"c{event.seq}", at=event.at, said=said, names=names, hunk=name)
            task.comments.append(known)
        case ev.CommentWithdrawn(id=gone):
            task.comments = [known for known in task.comments if known.id != gone]
        case ev.TaskSentBack() as sent if may_go_back(task) == "":
            _back(run, task, sent)
        case ev.CheckRequested():
            task.check_wanted = True
        case ev.AcceptedChecked() as said:
            task.check_wanted, task.accepted_check = False, said
            if said.holds and not said.passed:
                task.land_requested = False  # asked for again, it is meant all the same
        case _:
            pass


def may_go_back(task: TaskState) -> str:
    """Why a change cannot be sent back to its worker; empty: it can."""
    if task.change is None or task.base is None:
        return "it has proposed nothing"
    if task.phases["task"].state == "skipped":
        return "no worker of a run here made it"
    if task.landing is not None or task.land_requested:
        return "it is landing"
    if task.ended == "landed":
        return "it has landed"
    if task.ended is None and not task.reviewing:
        return "its worker is at work" if task.started else "it has not begun"
    if task.stale:
        return "it has lost its ground"
    return ""


def _back(run: RunState, task: TaskState, sent: ev.TaskSentBack) -> None:
    open_again(run, task, entered="task")
    task.sent_back.append(sent)
    task.rounds_before = task.rounds
    task.check_wanted = False
    task.round_trees.append(sent.tree)
    task.round_name = ""
    for known in task.comments:
        if known.id in sent.comments:
            known.sent = len(task.sent_back)
    reopen(task, "task", "verify", "summarize")


def fresh_round(task: TaskState) -> ev.TaskSentBack | None:
    """What the worker is to start from and has not been told yet; None: nothing."""
    if not task.sent_back or task.rounds > task.rounds_before:
        return None
    return task.sent_back[-1]


def unsent(task: TaskState) -> list[CommentState]:
    """Comments the worker has not had."""
    return [known for known in task.comments if not known.sent]


def comment_of(run: RunState, task: TaskState, known: CommentState) -> Comment:
    """A comment as people see it."""
    said = known.said
    return Comment(
        id=known.id, run=run.id, task=task.id, text=said.text, path=said.path,
        hunk=known.hunk or said.hunk, line=said.line,
        lines=said.lines if known.hunk in ("", said.hunk) else "",
        quote=said.quote, at=known.at, sent=known.sent,
    )  # fmt: skip


def place_of(said: ev.CommentAdded) -> str:
    """Where a comment stands, in words; empty: it is about all of the change."""
    if not said.path:
        return ""
    return f"{said.path}:{said.line}" if said.line is not None else said.path


def inside_now(task: TaskState) -> tuple[str, ...]:
    """The hunks that are accepted or have landed, in review order."""
    return tuple(h for h, state in task.hunks.items() if state in ("accepted", "landed"))


def accepted_result(task: TaskState) -> AcceptedResult | None:
    """The newest word of the checks on what is accepted; None: they never came to an end."""
    said = task.accepted_check
    if said is None:
        return None
    return AcceptedResult(said=said, current=said.hunks == inside_now(task))


def proof(task: TaskState, rules: Rules) -> Literal["go", "check", "held"]:
    """Whether what is accepted may land, as far as its checks are concerned.

    What is red is held, unless somebody who could see that asks for it to land.
    """
    if rules.check == "manual" or not task.spec.checks:
        return "go"
    result = accepted_result(task)
    if result is None or not result.current:
        return "check"
    return "go" if result.said.passed or task.land_requested else "held"


def told(result: AcceptedResult) -> str:
    """Such a word as a person reads it: `green (12 of 14 hunks)`."""
    said = result.said
    word = "ended early" if said.passed is None else _WORDS[said.passed]
    stale = "" if result.current else ", stale: the marks have changed"
    return f"{word} ({len(said.hunks)} of {counted(said.of, 'hunk')}{stale})"


_WORDS = {True: "green", False: "red"}
