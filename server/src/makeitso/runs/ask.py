"""Questions to a person: asked once, answered by anybody, found again after a restart."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from makeitso.errors import NotFoundError, StateError, StoreError, UsageError
from makeitso.policy.answers import answered_by_yes
from makeitso.policy.pattern_limits import mismatch, refusal_of
from makeitso.protocol import events as ev
from makeitso.runs.extending import extension

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.policy.standing_rules import Ruling
    from makeitso.protocol.approval import Approval, Decision
    from makeitso.protocol.budget import Ceiling
    from makeitso.protocol.rules import RuleDecision
    from makeitso.protocol.words import ApprovalKind, ApprovalScope, PhaseName
    from makeitso.runs.book import Book
    from makeitso.runs.context import Context


OUTSIDE = "Granted, it runs outside the sandbox."
"""Every question that means this says so in its detail, once, for every door."""


def person() -> str:
    """Name of the user of this process, for the record of who decided."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def ask(
    ctx: Context,
    *,
    kind: ApprovalKind,
    subject: str,
    digest: str,
    detail: str = "",
    tasks: tuple[str, ...] = (),
    enters: PhaseName | None = None,
    scopes: tuple[ApprovalScope, ...] = ("once",),
    choices: tuple[str, ...] = (),
    closed: bool = False,
    unsandboxed: bool = False,
    ceiling: Ceiling | None = None,
    pattern: str = "",
    ruling: Ruling | None = None,
) -> Approval:
    """Put a question, or return the open one with the same digest: several tasks, one question.

    `--yes` answers at once what it may answer; so does a stored rule, if there is a `ruling`.
    What follows from a grant is said after `detail`, here and in no door.
    """
    always = f"Granted for always, so does every `{pattern}` here, unasked." if pattern else ""
    detail = "\n".join(filter(None, [detail, OUTSIDE if unsandboxed else "", always]))
    ctx.book.refresh()
    same = next((a for a in ctx.run.pending if (a.kind, a.digest) == (kind, digest)), None)
    if same is not None and set(tasks) <= set(same.tasks) and ruling is None:
        return same
    number = ctx.ports.journal.count("approval.asked") + 1
    approval_id = same.id if same is not None else f"a{number}"
    asked = ctx.append(
        ev.ApprovalAsked(
            id=approval_id,
            kind=kind,
            tasks=tasks,
            enters=enters,
            subject=subject,
            detail=detail,
            digest=digest,
            unsandboxed=unsandboxed,
            scopes=scopes,
            choices=choices,
            closed=closed,
            ceiling=ceiling,
            pattern=pattern,
        ),
        task=tasks[0] if len(tasks) == 1 else None,
        phase=enters,
    )
    if answered_by_yes(kind, ctx.run.options):
        ctx.append(
            ev.ApprovalDecided(id=approval_id, grant=True, who="--yes"),
            actor="policy",
            cause=asked.seq,
        )
    elif ruling is not None:
        ctx.append(
            ev.ApprovalDecided(
                id=approval_id,
                grant=ruling.grant,
                because=ruling.because,
                pattern=ruling.rules[0].pattern,
                who=ruling.who,
            ),
            actor="policy",
            cause=asked.seq,
        )
    return ctx.run.approvals[approval_id]


def decide(book: Book, decision: Decision, *, who: str | None = None) -> Approval:
    """Record an answer from any process; the first one holds.

    Raises:
        NotFoundError: no such approval.
        StateError: it is already decided or void, or is not what the decider saw.
        UsageError: it is a question and the answer is empty or none of the choices it must be of;
            it is for always, and the pattern is missing, reaches too far or does not answer it.
    """
    book.refresh()
    found = find(book, decision.id)
    if decision.digest is not None and decision.digest != found.digest:
        raise StateError(
            f"{found.id} is not what it was when you looked",
            hint="look again with `mis approve --list`, then decide",
            data={"digest": found.digest},
        )
    _still_open(found)
    if decision.grant and decision.scope not in found.scopes:
        raise StateError(
            f"{found.id} cannot be granted with scope {decision.scope}",
            hint=f"possible here: {', '.join(found.scopes)}",
        )
    _check_pattern(found, decision)
    if found.kind == "question" and decision.grant and not decision.answer.strip():
        raise UsageError(
            f"{found.id} is a question: it needs an answer in words",
            hint=f'mis approve --answer "…" {found.id}',
        )
    if found.closed and decision.grant and chosen(decision.answer) not in found.choices:
        raise UsageError(
            f"{decision.answer!r} is no answer to {found.id}: {', '.join(found.choices)}",
            hint=f"mis approve --answer {found.choices[0]} {found.id}",
        )

    try:
        book.journal.append(
            ev.ApprovalDecided(
                id=decision.id,
                grant=decision.grant,
                scope=decision.scope,
                because=decision.because,
                answer=decision.answer,
                pattern=" ".join(decision.pattern.split()),
                extend=extension(found, decision),
                who=who or person(),
            ),
            actor="person",
            run=found.run,
            guard=lambda: _closed(book, decision.id),
        )
    except StoreError:
        book.refresh()
        _still_open(find(book, decision.id))
        raise
    return find(book, decision.id)


def _closed(book: Book, approval_id: str) -> str | None:
    """A refusal, if it is decided; inside a transaction nobody can decide after this look."""
    closed = book.journal.mentions(("approval.decided", "approval.voided"), "id", approval_id)
    return f"{approval_id} is already decided" if closed else None


def withdraw(ctx: Context, approval_id: str, *, reason: str) -> bool:
    """Let an open question fall away; False when it was decided first: then the answer holds."""
    gone = ev.ApprovalVoided(id=approval_id, reason=reason)
    try:
        ctx.append(gone, guard=lambda: _closed(ctx.book, approval_id))
    except StoreError:
        ctx.book.refresh()
        if ctx.run.approvals[approval_id].state == "pending":
            raise
        return False
    return True


def chosen(answer: str) -> str:
    """The choice that a person's answer names, however they wrote it."""
    return answer.strip().lower().rstrip(".")


def _check_pattern(found: Approval, decision: Decision) -> None:
    """See to it that an answer for always names commands that it may answer, and this one.

    Raises:
        UsageError: it does not.
    """
    if decision.scope != "always":
        if decision.pattern:
            raise UsageError("a pattern goes with scope always", hint="leave one of them out")
        return
    what: RuleDecision = "allow" if decision.grant else "deny"
    if found.kind != "command":
        raise UsageError(f"{found.id} is no command: there is no rule for it")
    if not decision.pattern.strip():
        raise UsageError(
            f"{found.id} is to be {what} for always: which commands?",
            hint=f'mis approve {found.id} --always "{found.pattern or "PROGRAM VERB *"}"',
        )
    reason = refusal_of(decision.pattern, what) or mismatch(decision.pattern, what, found.subject)
    if reason:
        raise UsageError(
            f"`{decision.pattern}` cannot answer {found.id} for always: {reason}",
            hint=f"possible: `{found.pattern}`" if found.pattern else "answer it for this run",
        )


def find(book: Book, approval_id: str) -> Approval:
    """An approval by id, of whatever run.

    Raises:
        NotFoundError: there is none.
    """
    for run in book.runs.values():
        if approval_id in run.approvals:
            return run.approvals[approval_id]
    raise NotFoundError(
        f"there is no approval {approval_id}", hint="`mis approve --list` shows what is open"
    )


def _still_open(approval: Approval) -> None:
    if approval.state != "pending":
        by = f" by {approval.who} through {approval.client}" if approval.who else ""
        raise StateError(
            f"{approval.id} is already {approval.state}{by}", data={"state": approval.state}
        )


async def decided(
    ctx: Context, approval_id: str, *, unless: Callable[[], bool] = lambda: False
) -> Approval | None:
    """Wait until a question has its answer or falls away; None once `unless` says to give up.

    The time it takes is nobody's work.
    """
    with ctx.meter.paused():
        while True:
            approval = ctx.run.approvals[approval_id]
            if approval.state != "pending":
                return approval
            if unless():
                return None
            await ctx.book.changed()
