"""What a task under review is busy with: landing, or the checks on what was accepted. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.next import next_steps
from makeitso.journal.steps import Land

if TYPE_CHECKING:
    from makeitso.journal.rules import Rules
    from makeitso.journal.state import RunState, TaskState


def landing_next(run: RunState, rules: Rules) -> frozenset[str]:
    """Tasks whose landing is to begin: what it writes is being worked out, or soon will be."""
    steps = next_steps(run, rules, settle_only=True)
    return frozenset(step.task for step in steps if isinstance(step, Land))


def landing_now(task: TaskState) -> bool:
    """Whether something of the task lands, or what landed is still to be checked."""
    if task.landing is not None:
        return True
    left = {"pending", "conflict", "accepted"} & set(task.hunks.values())
    return bool(task.landings and not task.landed_checked and task.spec.checks and not left)


def now_checked(task: TaskState, done: int) -> tuple[str, int | None]:
    """What goes on, and how much of it is done; with so many of its checks at their end."""
    if task.landing is not None:
        return "writing files", None
    checks = task.spec.checks
    if done >= len(checks):
        return "", 100 if checks else None
    many = f" ({done + 1} of {len(checks)})" if len(checks) > 1 else ""
    return f"{checks[done].command}{many}"[:120], done * 100 // len(checks)
