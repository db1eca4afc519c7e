"""Hunk review at a terminal, in the manner of `git add -p`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from makeitso.cli.review.editor import edit_hunk
from makeitso.cli.review.paging import DiffFilter
from makeitso.cli.review.selecting import OPEN, hunks_of
from makeitso.errors import MisError
from makeitso.runs.marking import mark, split_hunk
from makeitso.runs.reviewing import evidence

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.protocol.change import Hunk
    from makeitso.wiring import Bridge

HELP = """y  accept this hunk
n  reject this hunk
a  accept this and all later open hunks of the file
d  reject this and all later open hunks of the file
s  split this hunk at its unchanged lines
e  edit this hunk; what you save is what lands
j  leave it open, go to the next open hunk
k  go back to the hunk before
c  reject it with a comment, which the worker gets
q  leave the rest open and stop
?  this help"""

Move = Literal["next", "back", "quit", "again"]


def review_task(bridge: Bridge, console: Console, run_id: str, task_id: str) -> bool:
    """Go through the open hunks of a task; False when the person left some open."""
    at = 0
    headed = False
    diff = DiffFilter(bridge.repo, console)
    while True:
        hunks = _hunks(bridge, run_id, task_id)
        left = [i for i, h in enumerate(hunks) if h.state in OPEN]
        if not left:
            return True
        if not headed:
            _head(bridge, console, run_id, task_id)
            headed = True
        ahead = [i for i in left if i >= at]
        if not ahead:
            console.note(f"{len(left)} hunks are left open", style="yellow")
            return False
        at = ahead[0]
        move = _one(bridge, console, hunks, at, diff)
        if move == "quit":
            return False
        if move == "next":
            at += 1
        elif move == "back":
            at = max((i for i in left if i < at), default=at)


def _head(bridge: Bridge, console: Console, run_id: str, task_id: str) -> None:
    task = bridge.book.run(run_id).tasks[task_id]
    console.note("")
    console.note(f"review {run_id} {task_id}: {task.spec.title}", style="bold")
    for line in (*task.summary.splitlines(), *evidence(task)):
        console.note(f"    {line}")


def _hunks(bridge: Bridge, run_id: str, task_id: str) -> list[Hunk]:
    bridge.book.refresh()
    run = bridge.book.run(run_id)
    return hunks_of(bridge, [(run, run.tasks[task_id])])


def show_hunk(console: Console, hunk: Hunk, diff: DiffFilter | None = None) -> None:
    """A hunk with its path, its warnings and its lines."""
    console.note("")
    console.note(f"{hunk.path}  [{hunk.id}]", style="bold")
    if hunk.flags or hunk.reason:
        console.note(
            f"    {', '.join((*hunk.flags, *filter(None, [hunk.reason])))}",
            style="yellow",
        )
    if hunk.overlaps:
        console.note(
            f"    touches what {', '.join(hunk.overlaps)} touches", style="yellow"
        )
    if diff is None or not diff.show(hunk):
        console.diff(hunk.diff.splitlines())


def _one(
    bridge: Bridge, console: Console, hunks: list[Hunk], at: int, diff: DiffFilter
) -> Move:
    hunk = hunks[at]
    show_hunk(console, hunk, diff)
    open_count = sum(1 for h in hunks if h.state in OPEN)
    line = console.read(
        f"({open_count} open) accept this hunk [y,n,a,d,s,e,j,k,c,q,?]? "
    )
    if line is None:
        return "quit"
    try:
        return _act(bridge, console, hunks, at, key=line.strip()[:1])
    except MisError as error:
        console.note(
            f"{error.message}{f' ({error.hint})' if error.hint else ''}", style="yellow"
        )
        return "again"


def _act(
    bridge: Bridge, console: Console, hunks: list[Hunk], at: int, *, key: str
) -> Move:
    hunk = hunks[at]
    later = [h.id for h in hunks[at:] if h.path == hunk.path and h.state in OPEN]
    match key:
        case "y":
            mark(bridge.book, [hunk.id], "accepted")
        case "n":
            mark(bridge.book, [hunk.id], "rejected")
        case "a":
            mark(bridge.book, later, "accepted")
        case "d":
            mark(bridge.book, later, "rejected")
        case "s":
            parts = split_hunk(bridge.book, bridge.repo, hunk.id)
            console.note(f"split into {len(parts)}")
            return "again"
        case "e":
            edit_hunk(bridge, hunk)
        case "c":
            comment = (console.read("comment: ") or "").strip()
            mark(bridge.book, [hunk.id], "rejected", because=comment)
        case "j":
            return "next"
        case "k":
            return "back"
        case "q":
            return "quit"
        case _:
            console.note(HELP)
            return "again"
    return "again"
