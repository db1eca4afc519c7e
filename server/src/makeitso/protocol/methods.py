"""THE table: every `mis/*` method and notification, with its messages and what it needs.

The server refuses to start when a method here has no handler; schema, documentation and client
types are generated from it. Each method is also a command of `workspace/executeCommand`, called
`mis.<resource>.<verb>`, that takes the params as its one argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.protocol import audit, rules
from makeitso.protocol import methods_comment as comment
from makeitso.protocol import methods_foreign as foreign
from makeitso.protocol import methods_later as later
from makeitso.protocol import methods_learn as learn
from makeitso.protocol import methods_places as places
from makeitso.protocol import methods_plan as plan
from makeitso.protocol import methods_review as review
from makeitso.protocol import methods_run as run
from makeitso.protocol import methods_workspace as workspace
from makeitso.protocol import notifications as note
from makeitso.protocol.approval import Decision
from makeitso.protocol.trust import TrustState

if TYPE_CHECKING:
    from makeitso.protocol.base import Wire

PREFIX = "mis/"


@dataclass(frozen=True, kw_only=True)
class Method:
    """A request a client may send.

    Attributes:
        name: `mis/<resource>/<verb>`.
        params: what it takes.
        result: what it gives.
        needs_trust: it starts programs or spends, so an untrusted workspace gets an error.
        not_yet: what is missing before it can be answered; empty: it is answered.
    """

    name: str
    params: type[Wire]
    result: type[Wire]
    needs_trust: bool = False
    not_yet: str = ""

    @property
    def command(self) -> str:
        """Its name as a command: `mis.<resource>.<verb>`."""
        return self.name.replace("/", ".")


@dataclass(frozen=True, kw_only=True)
class Notification:
    """Something the server sends unasked."""

    name: str
    params: type[Wire]


METHODS: tuple[Method, ...] = (
    Method(
        name="mis/plan/create",
        params=plan.PlanCreateParams,
        result=plan.PlanCreateResult,
        needs_trust=True,
    ),
    Method(name="mis/plan/get", params=plan.PlanGetParams, result=plan.PlanGetResult),
    Method(name="mis/run/start", params=run.RunStartParams, result=run.RunResult, needs_trust=True),
    Method(
        name="mis/run/resume", params=run.RunResumeParams, result=run.RunResult, needs_trust=True
    ),
    Method(name="mis/run/stop", params=run.RunStopParams, result=run.RunResult),
    Method(name="mis/wait/skip", params=run.WaitSkipParams, result=run.RunResult),
    Method(name="mis/run/get", params=run.RunGetParams, result=run.RunGetResult),
    Method(name="mis/run/watch", params=run.RunWatchParams, result=run.RunWatchResult),
    Method(name="mis/run/list", params=run.RunListParams, result=run.RunListResult),
    Method(
        name="mis/approval/list",
        params=review.ApprovalListParams,
        result=review.ApprovalListResult,
    ),
    Method(name="mis/approval/decide", params=Decision, result=review.ApprovalResult),
    Method(name="mis/rule/list", params=rules.RuleListParams, result=rules.RuleListResult),
    Method(name="mis/rule/add", params=rules.RuleAddParams, result=rules.RuleResult),
    Method(name="mis/rule/revoke", params=rules.RuleRevokeParams, result=rules.RuleResult),
    Method(name="mis/change/list", params=review.ChangeListParams, result=review.ChangeListResult),
    Method(name="mis/change/get", params=review.ChangeGetParams, result=review.ChangeGetResult),
    Method(
        name="mis/change/check",
        params=comment.ChangeCheckParams,
        result=comment.ChangeCheckResult,
        needs_trust=True,
    ),
    Method(
        name="mis/change/fix",
        params=comment.ChangeFixParams,
        result=comment.ChangeFixResult,
        needs_trust=True,
    ),
    Method(name="mis/change/land", params=review.ChangeLandParams, result=review.ChangeLandResult),
    Method(name="mis/change/undo", params=review.ChangeUndoParams, result=review.ChangeUndoResult),
    Method(
        name="mis/change/comment",
        params=comment.ChangeCommentParams,
        result=comment.CommentResult,
    ),
    Method(
        name="mis/comment/list",
        params=comment.CommentListParams,
        result=comment.CommentListResult,
    ),
    Method(
        name="mis/comment/withdraw",
        params=comment.CommentWithdrawParams,
        result=comment.CommentResult,
    ),
    Method(
        name="mis/review/open",
        params=foreign.ReviewOpenParams,
        result=foreign.ReviewOpenResult,
    ),
    Method(name="mis/change/look", params=review.ChangeLookParams, result=review.ChangeLookResult),
    Method(name="mis/hunk/mark", params=review.HunkMarkParams, result=review.HunkStates),
    Method(name="mis/hunk/split", params=review.HunkSplitParams, result=review.HunkSplitResult),
    Method(name="mis/hunk/join", params=review.HunkJoinParams, result=review.HunkStates),
    Method(name="mis/hunk/undo", params=review.HunkUndoParams, result=review.HunkStates),
    Method(
        name="mis/hunk/edit",
        params=review.HunkEditParams,
        result=review.HunkStates,
    ),
    Method(name="mis/review/next", params=places.ReviewStepParams, result=places.ReviewPlace),
    Method(name="mis/review/previous", params=places.ReviewStepParams, result=places.ReviewPlace),
    Method(name="mis/review/show", params=places.ReviewShowParams, result=places.ReviewPlace),
    Method(
        name="mis/proposal/list",
        params=learn.ProposalListParams,
        result=learn.ProposalListResult,
    ),
    Method(
        name="mis/proposal/decide",
        params=learn.ProposalDecideParams,
        result=learn.ProposalDecideResult,
        needs_trust=True,
    ),
    Method(
        name="mis/proposal/rollback",
        params=learn.ProposalRollbackParams,
        result=learn.ProposalRollbackResult,
        needs_trust=True,
    ),
    Method(
        name="mis/proposal/history",
        params=learn.ProposalHistoryParams,
        result=learn.ProposalHistoryResult,
    ),
    Method(
        name="mis/learn/run",
        params=learn.LearnRunParams,
        result=learn.LearnRunResult,
        needs_trust=True,
    ),
    Method(
        name="mis/learn/propose",
        params=learn.LearnProposeParams,
        result=learn.LearnProposeResult,
    ),
    Method(name="mis/audit/get", params=audit.AuditGetParams, result=audit.AuditFigures),
    Method(
        name="mis/auth/status",
        params=later.AuthStatusParams,
        result=later.AuthStatusResult,
        not_yet="logins",
    ),
    Method(
        name="mis/auth/login",
        params=later.AuthLoginParams,
        result=later.NoResult,
        not_yet="logins",
    ),
    Method(name="mis/trust/get", params=workspace.TrustGetParams, result=TrustState),
    Method(name="mis/trust/set", params=workspace.TrustSetParams, result=TrustState),
    Method(
        name="mis/debug/open",
        params=later.DebugOpenParams,
        result=later.DebugOpenResult,
        needs_trust=True,
        not_yet="debugging",
    ),
    Method(
        name="mis/debug/send",
        params=later.DebugSendParams,
        result=later.DebugSendResult,
        needs_trust=True,
        not_yet="debugging",
    ),
    Method(name="mis/doctor/run", params=workspace.DoctorParams, result=workspace.DoctorResult),
)

NOTIFICATIONS: tuple[Notification, ...] = (
    Notification(name="mis/run/event", params=note.RunEventNotification),
    Notification(name="mis/run/output", params=note.RunOutputNotification),
    Notification(name="mis/approval/changed", params=note.ApprovalChangedNotification),
    Notification(name="mis/change/changed", params=note.ChangeChangedNotification),
    Notification(name="mis/proposal/changed", params=note.ProposalChangedNotification),
    Notification(name="mis/auth/changed", params=note.AuthChangedNotification),
    Notification(name="mis/note", params=note.NoteNotification),
)

BY_NAME: dict[str, Method] = {method.name: method for method in METHODS}
BY_COMMAND: dict[str, Method] = {method.command: method for method in METHODS}
