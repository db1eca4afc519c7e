"""The canonical form of a task's or plan's intent: plain JSON, the same for every layout of it.

What a person approves is this form. It can be stored, digested and compared years later, so it
carries the version of its own rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.plans.globs import normal_glob
from makeitso.plans.prose import normal_prose
from makeitso.plans.waits import wait_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.protocol.plan import Plan, Policies, Task

Canonical = dict[str, object]
"""A JSON object: str, int, float, bool, None, lists and objects of them."""

VERSION = 1
"""Version of the rules below; a form of another version counts as different."""


def canonical_task(task: Task) -> Canonical:
    """The intent of a task. Its box is not part of it, nor are order and spelling of its globs."""
    return {
        "version": VERSION,
        "kind": "task",
        "id": task.id,
        "title": " ".join(task.title.split()),
        "goal": [list(piece) for piece in normal_prose(task.goal)],
        "files": sorted({normal_glob(glob) for glob in task.files}),
        "checks": [
            {
                "command": check.command.strip(),
                "cwd": check.cwd,
                "timeout_s": float(check.timeout_s),
                "was_failing": check.was_failing,
            }
            for check in task.checks
        ],
        "after": sorted(set(task.after)),
        "repo": task.repo,
        "worker": task.worker,
        "skills": list(task.skills),
        "approval": task.approval,
        "policies": _policies(task.policies),
        "budget_tokens": task.budget_tokens,
        **_time(task.budget_s),
        # Absent when it says nothing, so that what was approved before there was one stands.
        **({"priority": task.priority} if task.priority else {}),
        "phases": [
            {
                "name": phase.name,
                "approval": phase.approval,
                "budget_tokens": phase.budget_tokens,
                **_time(phase.budget_s),
            }
            for phase in task.phases
        ],
        # Absent when there is none, so that what was approved before there could be one stands.
        **({"wait": wait_text(task.wait)} if task.wait is not None else {}),
    }


def canonical_plan(plan: Plan, *, task_digests: Sequence[str]) -> Canonical:
    """The intent of a plan: its own words and settings, and the digests of its tasks in order.

    The name of its file is not part of it.
    """
    return {
        "version": VERSION,
        "kind": "plan",
        "title": " ".join(plan.title.split()),
        "goal": [list(piece) for piece in normal_prose(plan.goal)],
        "approval": plan.approval,
        "policies": _policies(plan.policies),
        "budget_tokens": plan.budget_tokens,
        **_time(plan.budget_s),
        "max_concurrency": plan.max_concurrency,
        "tasks": [
            {"id": task.id, "digest": digest}
            for task, digest in zip(plan.tasks, task_digests, strict=True)
        ],
    }


def _time(budget_s: int | None) -> Canonical:
    """Absent when it says nothing, so that what was approved before there was one stands."""
    return {} if budget_s is None else {"budget_s": budget_s}


def _policies(policies: Policies) -> dict[str, str | None]:
    return {
        "write_files": policies.write_files,
        "run_shell": policies.run_shell,
        "network": policies.network,
    }
