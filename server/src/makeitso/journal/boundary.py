"""Whether a task may enter a phase: the approval policies, as a function of what was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from makeitso.protocol.events import PoliciesInForce
from makeitso.protocol.plan import Policies
from makeitso.protocol.words import (  # noqa: TC001 -- the tables are annotated with them
    ApprovalPolicy,
    Permission,
)

if TYPE_CHECKING:
    from makeitso.journal.state import PhaseState, RunState, TaskState
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.words import PhaseName


_STRICTNESS: dict[ApprovalPolicy, int] = {"delegate": 0, "confirm-phase": 1, "manual": 2}
_LOOSENESS: dict[Permission, int] = {"never": 0, "ask": 1, "auto": 2}


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


def permissions_of(run: RunState, task: TaskState) -> PoliciesInForce:
    """What a task may do: the run's permissions, narrowed by the plan and by the task."""
    mine, plan, own = (
        run.policies,
        run.plan.policies if run.plan else Policies(),
        task.spec.policies,
    )
    return PoliciesInForce(
        write_files=_stricter(mine.write_files, plan.write_files, own.write_files),
        run_shell=_stricter(mine.run_shell, plan.run_shell, own.run_shell),
        network=_stricter(mine.network, plan.network, own.network),
    )


def _stricter(general: Permission, *narrowed: Permission | None) -> Permission:
    return min((general, *(p for p in narrowed if p is not None)), key=_LOOSENESS.__getitem__)


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
    red = _red(run)
    for approval in reversed(run.approvals.values()):
        if approval.kind != "phase" or (approval.id, task.id) in run.used:
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
            "until-red": here or not red,
        }
        if reach.get(approval.scope or "once", False):
            return "go"
    return "ask"


def _red(run: RunState) -> bool:
    """Whether a check said no to what a task of the run proposes, or to what is left of it."""
    return any(
        not check.passed and not check.cut
        for task in run.tasks.values()
        for check in task.checks
        if check.where == "proposal" or (check.where == "landed" and not _taken_back(task))
    )


def _taken_back(task: TaskState) -> bool:
    """Whether nothing of the task is where it landed any more: what was red there is gone."""
    return bool(task.undone and not task.standing)
