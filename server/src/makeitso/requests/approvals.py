"""`mis/approval/*`: questions to a person, and their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.protocol.methods_review import ApprovalListResult, ApprovalResult

if TYPE_CHECKING:
    from makeitso.protocol.approval import Decision
    from makeitso.protocol.methods_review import ApprovalListParams
    from makeitso.requests.place import Workplace


async def list_(at: Workplace, params: ApprovalListParams) -> ApprovalListResult:
    """Questions, oldest first.

    Raises:
        NotFoundError: there is no such run.
    """
    runs = [at.run(params.run)] if params.run is not None else list(at.runs().values())
    return ApprovalListResult(
        approvals=tuple(
            approval
            for run in runs
            for approval in run.approvals.values()
            if params.state in (None, approval.state)
        )
    )


async def decide(at: Workplace, params: Decision) -> ApprovalResult:
    """Answer a question; the first answer holds, whichever process gives it.

    An answer for always becomes a rule of the person's.

    Raises:
        NotFoundError: there is no such question.
        StateError: it is decided already, or is not what the person saw.
        UsageError: it is for always, and the pattern does not fit.
    """
    at.require_runs(params.id)
    approval = at.bridge.decide(params)
    if approval.kind == "change":
        at.runner.settle()
    return ApprovalResult(approval=approval)
