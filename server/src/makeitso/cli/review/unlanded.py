"""Saying that what was accepted does not land by itself, and what lets it land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.settle import waits_to_be_asked

if TYPE_CHECKING:
    from collections.abc import Collection

    from makeitso.cli.console import Console
    from makeitso.wiring import Bridge


def say_unlanded(bridge: Bridge, console: Console, hunks: Collection[str]) -> tuple[str, ...]:
    """Say of tasks with one of these hunks that they land when somebody asks for it.

    Returns:
        The hunks of them, and of their tasks, that are accepted and wait for that.
    """
    from makeitso.runs.engine import rules_of

    rules = rules_of(bridge.config)
    found: list[str] = []
    for run in bridge.book.runs.values():
        for task in run.tasks.values():
            accepted = [hunk for hunk, state in task.hunks.items() if state == "accepted"]
            if set(accepted).isdisjoint(hunks) or not waits_to_be_asked(run, task, rules):
                continue
            found += accepted
            if not console.as_json:
                console.note(
                    f"{task.id}: {_counted(len(accepted))} accepted and not landed: "
                    f"`mis review land --run {run.id}`"
                )
    return tuple(found)


def _counted(number: int) -> str:
    return "1 hunk is" if number == 1 else f"{number} hunks are"
