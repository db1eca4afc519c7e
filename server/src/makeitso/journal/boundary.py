"""Whether a task may enter a phase: the approval policies, as a function of what was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from makeitso.journal.state import PhaseState, RunState, TaskState
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.words import ApprovalPolicy, PhaseName


def policy_of(run: RunState, task: TaskState, phase: PhaseName) -> ApprovalPolicy:
    """The approval policy in force: phase over task over plan over run."""
    for override in task.spec.phases:
        if override.name == phase and override.approval is not None:
            return override.approval
    if task.spec.approval is not None:
        return task.spec.approval
    if run.plan is not None and run.plan.approval is not None:
        return run.plan.approval
    return run.options.policy


def boundary(
    run: RunState, task: TaskState, *, previous: PhaseState, enters: PhaseName
) -> Literal["go", "ask", "wait"] | Approval:
    """What stands between a passed phase and the next; a denied approval is returned itself.

    The policy of the phase left decides, so that `task: manual` asks when the task phase is done.
    `confirm-phase` does not ask after a phase that had no effects.
    """
    policy = policy_of(run, task, previous.name)
    if policy == "delegate" or (policy == "confirm-phase" and not previous.effects):
        return "go"
    red = any(not c.passed for c in task.checks if c.where == "proposal")
    for approval in reversed(run.approvals.values()):
        if approval.kind != "phase":
            continue
        here = task.id in approval.tasks and approval.phase == enters
        if here and approval.state == "pending":
            return "wait"
        if here and approval.state == "denied":
            return approval
        if approval.state != "granted":
            continue
        reach = {
            "once": here,
            "task": task.id in approval.tasks,
            "run": True,
            "until-red": not red,
        }
        if reach.get(approval.scope or "once", False):
            return "go"
    return "ask"
