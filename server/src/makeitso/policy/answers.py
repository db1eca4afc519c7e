"""Answers that a person gave in advance: `--yes`, policies, and earlier grants with a scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from makeitso.protocol.approval import Approval
    from makeitso.protocol.events import HunkRef
    from makeitso.protocol.plan import RunOptions
    from makeitso.protocol.words import ApprovalKind, ApprovalPolicy, Permission

_YES_ANSWERS: frozenset[ApprovalKind] = frozenset({"plan", "phase"})
"""Never: leaving the sandbox, network, budgets, protected paths, trust."""


def answered_by_yes(kind: ApprovalKind, options: RunOptions) -> bool:
    """Whether `--yes` answers a question of this kind."""
    return options.yes and kind in _YES_ANSWERS


def hunks_accepted_in_advance(
    hunks: Iterable[HunkRef],
    *,
    held: bool,
    options: RunOptions,
    write_files: Permission,
    policy: ApprovalPolicy,
) -> tuple[str, tuple[str, ...]]:
    """Which hunks a policy or `--yes` accepts, and which of the two it was.

    None when a protected path holds the task, `--halt-on write_files` is set, or landing is never.

    Args:
        hunks: what is proposed.
        held: a protected path is among them.
        options: how the run was asked for.
        write_files: the task's permission; `auto` accepts only where a person delegates.
        policy: the approval policy in force for the task.
    """
    if held or write_files == "never" or "write_files" in options.halt_on:
        return "", ()
    if options.yes:
        who = "--yes"
    elif write_files == "auto" and policy == "delegate":
        who = "write_files=auto"
    else:
        return "", ()
    return who, tuple(h.id for h in hunks if not h.must_ask and not h.refused)


def standing_grant(
    approvals: Iterable[Approval],
    used: Collection[tuple[str, str | None]],
    *,
    kind: ApprovalKind,
    digest: str,
    task: str,
) -> Approval | None:
    """An earlier answer that holds for the same question: a grant in reach, or a fresh denial.

    A grant for always holds once by itself; from then on the rule that it was stored as decides,
    so that taking the rule back is enough.

    Args:
        approvals: the run's, oldest first.
        used: ids of answers that were acted on, each with the task that did.
        kind: of the question.
        digest: of the question.
        task: the task that has it.
    """
    for approval in approvals:
        if approval.kind != kind or approval.digest != digest:
            continue
        fresh = task in approval.tasks and (approval.id, task) not in used
        if approval.state == "denied" and fresh:
            return approval
        if approval.state == "granted" and (
            (approval.scope in ("once", "always") and fresh)
            or (approval.scope == "task" and task in approval.tasks)
            or approval.scope == "run"
        ):
            return approval
    return None
