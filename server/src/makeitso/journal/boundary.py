"""Whether a task may enter a phase: the approval policies, as a function of what was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from makeitso.protocol.words import ApprovalPolicy  # noqa: TC001 -- the table is annotated with it

if TYPE_CHECKING:
    from makeitso.journal.state import PhaseState, RunState, TaskState
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.words import PhaseName


_STRICTNESS: dict[ApprovalPolicy, int] = {"delegate": 0, "confirm-phase": 1, "manual": 2}


def policy_of(run: RunState, task: TaskState, phase: PhaseName) -> ApprovalPolicy:
    """The approval policy in force for a phase.

    The most specific of phase, task and plan, but never looser than the run's own.
    """
    asked: ApprovalPolicy | None = None
    for override in task.spec.phases:
        if override.name == phase:
            asked = override.approval
    asked = asked or task.spec.approval or (run.plan.approval if run.plan else None)
    floor = run.options.policy
    return floor if asked is None else max(floor, asked, key=_STRICTNESS.__getitem__)


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
