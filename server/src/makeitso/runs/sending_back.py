"""A change goes back to its worker: what is kept, what is taken out, and what it is told."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from makeitso.errors import NotFoundError, StateError
from makeitso.journal.conversation import at_this_moment, may_go_back, place_of, unsent
from makeitso.prompts.cut import cut_text
from makeitso.protocol import events as ev
from makeitso.review import marks
from makeitso.runs.reviewing import present_change
from makeitso.runs.subset import tree_with
from makeitso.workspace import snapshots
from makeitso.workspace.git_thread import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from makeitso.journal.conversation import CommentState
    from makeitso.journal.state import TaskState
    from makeitso.protocol.change import Hunk
    from makeitso.runs.book import Book
    from makeitso.workspace.git import Repository

TOLD_CHARS = 30_000
"""Most of what a worker is told at once."""
HUNK_CHARS = 3_000
"""Most of one hunk in it."""
KEPT = ("accepted", "landed")


def send_back(
    book: Book,
    repo: Repository,
    *,
    task: tuple[str, str],
    max_rounds: int,
    redact: Callable[[str], str],
) -> ev.TaskSentBack:
    """Let the worker take another turn at a change; whoever drives the run goes on with it.

    It starts from the accepted hunks and from those nobody decided; what was rejected is taken out
    of its files. It is told every comment it has not had, with its place, and what was rejected,
    with the reasons.

    Args:
        book: the runs.
        repo: the repository.
        task: run and task.
        max_rounds: how often a change may be sent back.
        redact: masks secrets, which no journal holds.

    Raises:
        NotFoundError: there is no such run or task.
        StateError: the task is not in review, it was sent back often enough, or there is nothing
            to tell its worker.
    """
    run_id, known = _to_send(book, task, max_rounds)
    data = _round(repo, run_id, known, redact=redact)
    return _put_down(book, task, _kept(repo, run_id, known, data))


async def send_back_meanwhile(
    book: Book,
    repo: Repository,
    *,
    task: tuple[str, str],
    max_rounds: int,
    redact: Callable[[str], str],
) -> ev.TaskSentBack:
    """The same while others are served: git is asked in a thread.

    What is said or marked meanwhile is in it. Cancelled, its git ends and nothing is recorded;
    once it is recorded it is too late for that.

    Raises:
        NotFoundError, StateError: as above.
    """
    while True:
        run_id, known = _to_send(book, task, max_rounds)
        data = await in_thread(partial(_round, repo, run_id, known, redact=redact))
        with anyio.CancelScope(shield=True):  # a ref without a record would be nobody's
            if _to_send(book, task, max_rounds)[1] != known:
                continue
            data = await to_thread.run_sync(_kept, repo, run_id, known, data)
            if _to_send(book, task, max_rounds)[1] == known:
                return _put_down(book, task, data)


def _to_send(book: Book, task: tuple[str, str], max_rounds: int) -> tuple[str, TaskState]:
    """The run, and the task as it is at this moment: nothing of that changes any more."""
    book.refresh()
    run = book.run(task[0])
    found = run.tasks.get(task[1])
    if found is None:
        raise NotFoundError(
            f"{run.id} has no task {task[1]}", hint=f"its tasks: {', '.join(run.tasks)}"
        )
    _may_be_sent(found, max_rounds)
    return run.id, at_this_moment(found)


def _put_down(book: Book, task: tuple[str, str], data: ev.TaskSentBack) -> ev.TaskSentBack:
    """Record it."""
    run = book.run(task[0])
    found = run.tasks[task[1]]
    for approval in run.pending:
        if approval.kind == "change" and found.id in approval.tasks:
            # It asked about what goes back now; an answer would be to something else.
            voided = ev.ApprovalVoided(id=approval.id, reason="sent back to its worker")
            book.journal.append(voided, actor="person", run=run.id, task=found.id)
    before = len(found.sent_back)
    book.journal.append(data, actor="person", run=run.id, task=found.id)
    now = book.run(run.id).tasks[found.id]
    if len(now.sent_back) == before:
        raise StateError(f"{found.id} cannot be sent back now: {may_go_back(now)}")
    return data


def _may_be_sent(task: TaskState, max_rounds: int) -> None:
    reason = may_go_back(task)
    if reason:
        raise StateError(
            f"{task.id} cannot be sent back: {reason}", hint="`mis status` shows where it stands"
        )
    if len(task.sent_back) >= max_rounds:
        times = "once" if len(task.sent_back) == 1 else f"{len(task.sent_back)} times"
        raise StateError(
            f"{task.id} was sent back {times} already"
            if task.sent_back
            else "changes are not sent back here",
            hint=f"`[review] max_rounds` is {max_rounds}: raise it, or edit the hunks yourself",
        )
    if not unsent(task) and "rejected" not in task.hunks.values():
        raise StateError(
            f"there is nothing to tell the worker of {task.id}",
            hint="`mis review comment ID TEXT` says what is to be different",
        )


def _round(
    repo: Repository, run_id: str, task: TaskState, *, redact: Callable[[str], str]
) -> ev.TaskSentBack:
    """What it starts from and is told; its tree is kept by no ref yet."""
    change = present_change(repo, run_id, task)
    hunks = {hunk.id: hunk for hunk in marks.all_hunks(change)}
    stay = tuple(h.id for h in hunks.values() if h.state not in ("rejected", "refused"))
    rejected = tuple(h.id for h in hunks.values() if h.state == "rejected")
    said = unsent(task)
    return ev.TaskSentBack(
        tree=tree_with(repo, change, stay),
        commit="",
        ref=snapshots.ref_name(
            run=run_id, task=task.id, name=f"sent-back-{task.attempt}-{len(task.sent_back) + 1}"
        ),
        comments=tuple(known.id for known in said),
        accepted=tuple(h.id for h in hunks.values() if h.state in KEPT),
        rejected=rejected,
        open=tuple(h.id for h in hunks.values() if h.state in ("pending", "conflict")),
        instructions=redact(_told(said, [hunks[name] for name in rejected], list(hunks.values()))),
    )


def _kept(repo: Repository, run_id: str, task: TaskState, data: ev.TaskSentBack) -> ev.TaskSentBack:
    """The same with its tree under a ref, so that git does not forget it."""
    parent = task.base.commit if task.base else None
    commit = snapshots.keep(repo, data.tree, ref=data.ref, parent=parent, message=data.ref)
    return data.model_copy(update={"commit": commit})


def _told(said: Sequence[CommentState], rejected: Sequence[Hunk], hunks: Sequence[Hunk]) -> str:
    """What the worker is told, in Markdown."""
    parts: list[str] = ["A person reviewed your change."]
    if said:
        parts.append("They ask for this, comment by comment:")
        parts += [_comment(number, known, hunks) for number, known in enumerate(said, start=1)]
    if rejected:
        parts.append(
            "They rejected these hunks. They are taken out of your files already; do not bring"
            " them back as they were:"
        )
        parts += [_rejection(hunk) for hunk in rejected]
    kept = [hunk for hunk in hunks if hunk.state in KEPT]
    if kept:
        places = ", ".join(f"{hunk.path}:{hunk.new_start or 1}" for hunk in kept)
        parts.append(
            f"They accepted the rest at {places}. Leave those lines as they are, unless a comment"
            " asks for another thing."
        )
    return cut_text("\n\n".join(parts), TOLD_CHARS)


def _comment(number: int, known: CommentState, hunks: Sequence[Hunk]) -> str:
    said = known.said
    place = place_of(said)
    head = f"{number}. {f'{place}: ' if place else ''}{said.text}"
    quote = said.quote or next((h.diff for h in hunks if h.id == said.hunk), "")
    return f"{head}\n\n{_indented(quote)}" if quote else head


def _rejection(hunk: Hunk) -> str:
    reason = f": {hunk.reason}" if hunk.reason else ""
    return f"- {hunk.path}:{hunk.old_start or 1}{reason}\n\n{_indented(hunk.diff)}"


def _indented(text: str) -> str:
    lines = cut_text(text.removesuffix("\n"), HUNK_CHARS).split("\n")
    return "\n".join(f"    {line}" for line in lines)
