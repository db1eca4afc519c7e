"""After a mark or a request: what is decided lands, here or in the process that owns the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from makeitso import wiring
from makeitso.cli.door import TerminalDoor
from makeitso.cli.review.stale import say_stale, stale_among
from makeitso.cli.review.unlanded import say_unlanded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from makeitso.cli.console import Console
    from makeitso.wiring import Bridge

EXIT_OPEN = 3


def settle(
    bridge: Bridge,
    console: Console,
    *,
    also: Mapping[str, object] | None = None,
    accepted: Collection[str] = (),
) -> int:
    """Let what is decided land, here or in the process that owns the workspace.

    `also` stands beside it in what a script gets. Of the hunks `accepted` right now those that do
    not land are named: because their task is stale, or because nobody has asked for it.
    """
    door = TerminalDoor(bridge, console)
    before = {
        landing.id
        for r in bridge.book.runs.values()
        for t in r.tasks.values()
        for landing in t.landings
    }
    aside = _set_aside(bridge)
    here = anyio.run(wiring.settle, bridge, door)
    bridge.book.refresh()
    landings = [
        landing
        for r in bridge.book.runs.values()
        for t in r.tasks.values()
        for landing in t.landings
        if landing.id not in before
    ]
    conflicts = [h for landing in landings for h in landing.conflicts]
    conflicts += [h for h in _set_aside(bridge) if h not in aside and h not in conflicts]
    stale = stale_among(bridge, accepted)
    unlanded = say_unlanded(bridge, console, accepted)
    console.data(
        {
            **(also or {}),
            "landed": [h for landing in landings for h in landing.landed],
            "conflicts": conflicts,
            "files": [f for landing in landings for f in landing.files],
            "landings": [landing.id for landing in landings],
            "commits": [landing.commit for landing in landings if landing.commit is not None],
            "by_owner": not here,
            "unlanded": [h for h in accepted if h in unlanded],
            "stale": [h for _, task in stale for h in accepted if h in task.hunks],
        }
    )
    for run, task in stale:
        say_stale(console, run, task)
    if not here and not console.as_json:
        console.note(_who_lands(bridge))
    for run in bridge.book.runs.values():
        waiting = [t.id for t in run.tasks.values() if t.ended is None and not t.reviewing]
        if run.finished is None and waiting and here and not console.as_json:
            console.note(f"{run.id} has more to do: `mis resume {run.id}`")
    return EXIT_OPEN if conflicts else 0


def _who_lands(bridge: Bridge) -> str:
    if not wiring.left_behind(bridge):
        return "marked; the process that runs it lands it"
    owner = bridge.owner
    who = f"process {owner.pid} ({owner.door})" if owner is not None else "another process"
    return f"marked; {who} is at work here on another run: `mis review land` once it is done"


def _set_aside(bridge: Bridge) -> list[str]:
    """Hunks that are in conflict, also where nothing of a landing came to be."""
    return [
        hunk
        for run in bridge.book.runs.values()
        for task in run.tasks.values()
        for hunk, state in task.hunks.items()
        if state == "conflict"
    ]
