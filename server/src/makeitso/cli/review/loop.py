"""Hunk review at a terminal, in the manner of `git add -p`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.cli.review.keys import KEYS, act
from makeitso.cli.review.paging import DiffFilter
from makeitso.cli.review.selecting import OPEN, hunks_of
from makeitso.cli.review.stale import say_stale
from makeitso.errors import MisError
from makeitso.review.folding import folded
from makeitso.review.hunks import parent_id
from makeitso.runs.looking import record_look
from makeitso.runs.reviewing import evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.cli.console import Console
    from makeitso.cli.review.keys import Move
    from makeitso.protocol.change import Hunk
    from makeitso.wiring import Bridge


def review_task(
    bridge: Bridge, console: Console, run_id: str, task_id: str, *, only_new: bool = False
) -> bool:
    """Go through the open hunks of a task; False when the person left some open.

    What was shown counts as looked at. With `only_new` only what no person has seen is gone
    through.
    """
    shown: list[str] = []
    try:
        return _Walk(bridge, console, run_id, task_id, shown, only_new=only_new).walk()
    finally:
        record_look(bridge.book, run_id, task_id, shown)


class _Walk:
    """Where the person is in the hunks of a task."""

    def __init__(
        self,
        bridge: Bridge,
        console: Console,
        run_id: str,
        task_id: str,
        shown: list[str],
        *,
        only_new: bool,
    ) -> None:
        self._bridge, self._console = bridge, console
        self._run, self._task = run_id, task_id
        self._shown = shown
        self._filter = DiffFilter(bridge.repo, console)
        self._at = 0
        self._exact = False
        """Stay where the person went, whether that hunk is open or not."""
        self._unfolded = False
        self._only = self._new_ones() if only_new else None
        """Hunks that are gone through, as wholes; None: all."""

    def _new_ones(self) -> set[str] | None:
        """What nobody has seen; None where nobody has looked at anything, so that all is new."""
        hunks = self._hunks()
        task = self._bridge.book.run(self._run).tasks[self._task]
        if not (task.looked or task.explicit):
            return None
        return {parent_id(hunk.id) for hunk in hunks if "new" in hunk.flags}

    def walk(self) -> bool:
        """Until all is decided (True) or the person stops."""
        headed = False
        while True:
            hunks = self._hunks()
            left = [i for i, h in enumerate(hunks) if self._waits(h)]
            if not left:
                return True
            if not headed:
                _head(self._bridge, self._console, self._run, self._task)
                headed = True
            if not self._exact or self._at >= len(hunks):
                ahead = [i for i in left if i >= self._at]
                if not ahead:
                    are = "hunk is" if len(left) == 1 else "hunks are"
                    self._console.note(f"{len(left)} {are} left open", style="yellow")
                    return False
                self._at = ahead[0]
            move = self._one(hunks, open_count=len(left))
            if move == "quit":
                return False
            self._take(move)

    def _waits(self, hunk: Hunk) -> bool:
        named = self._only is None or parent_id(hunk.id) in self._only
        return named and hunk.state in OPEN

    def _take(self, move: Move) -> None:
        self._unfolded = move == "unfold"
        if isinstance(move, int):
            # behind the last hunk there is nothing to stay at: what is open is counted
            self._at, self._exact = move, True
        elif move == "ahead":
            self._exact = False

    def _hunks(self) -> list[Hunk]:
        self._bridge.book.refresh()
        run = self._bridge.book.run(self._run)
        return hunks_of(self._bridge, [(run, run.tasks[self._task])])

    def _one(self, hunks: Sequence[Hunk], *, open_count: int) -> Move:
        hunk = hunks[self._at]
        why = self._why_ask(hunk)
        show_hunk(self._console, hunk, self._filter, fold=not self._unfolded, why=why)
        self._shown.append(hunk.id)
        decided = "" if hunk.state in OPEN else f", this one {hunk.state}"
        line = self._console.read(f"({open_count} open{decided}) accept this hunk [{KEYS}]? ")
        if line is None:
            return "quit"
        try:
            return act(self._bridge, self._console, hunks, self._at, typed=line.strip())
        except MisError as error:
            hint = f" ({error.hint})" if error.hint else ""
            self._console.note(f"{error.message}{hint}", style="yellow")
            return "stay"

    def _why_ask(self, hunk: Hunk) -> str:
        """Why no policy may decide on it; empty: one may."""
        change = self._bridge.book.run(self._run).tasks[self._task].change
        known = {one.id: one for one in change.hunks} if change is not None and hunk.flags else {}
        found = known.get(hunk.id) or known.get(parent_id(hunk.id))
        return found.why_ask if found is not None else ""


def _head(bridge: Bridge, console: Console, run_id: str, task_id: str) -> None:
    run = bridge.book.run(run_id)
    task = run.tasks[task_id]
    console.note("")
    console.note(f"review {run_id} {task_id}: {task.spec.title}", style="bold")
    say_stale(console, run, task)
    for line in (*task.summary.splitlines(), *evidence(task)):
        console.note(f"    {line}")


def show_hunk(
    console: Console,
    hunk: Hunk,
    diff: DiffFilter | None = None,
    *,
    fold: bool = False,
    why: str = "",
) -> None:
    """A hunk with its path, its warnings and its lines; with `fold`, a line for what is folded.

    `why` says why a person decides on it.
    """
    console.note("")
    console.note(f"{hunk.path}  [{hunk.id}]", style="bold")
    if hunk.flags or hunk.reason:
        console.note(
            f"    {', '.join((*hunk.flags, *filter(None, [hunk.reason])))}", style="yellow"
        )
    if why:
        console.note(f"    a person decides: {why}", style="yellow")
    if hunk.overlaps:
        console.note(f"    touches what {', '.join(hunk.overlaps)} touches", style="yellow")
    short = folded(hunk) if fold else ""
    if short:
        console.note(f"    {short}; p shows it", style="dim")
    elif diff is None or not diff.show(hunk):
        console.diff(hunk.diff.splitlines())
