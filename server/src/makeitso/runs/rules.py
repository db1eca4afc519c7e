"""Answers for always: from the journal into the person's rules file, once each.

The answer is recorded before the rule is written. What is killed in between is made good the next
time anybody looks: the journal says which answers have no rule yet, and storing the same answer
again changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.protocol import events as ev
from makeitso.workspace.rule_edit import RuleDraft, add_rule

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.approval import Approval
    from makeitso.protocol.rules import Rule
    from makeitso.runs.book import Book
    from makeitso.workspace.paths import UserDirs


def store_decided(book: Book, *, root: Path, dirs: UserDirs, at: int) -> tuple[Rule, ...]:
    """Store what was decided for always and is not stored yet.

    Args:
        book: the runs of the workspace.
        root: the workspace.
        dirs: the person's directories.
        at: now, Unix ms.

    Raises:
        ConfigError: something is wrong in the rules file.
        StoreError: it, or the journal, cannot be written.
    """
    book.refresh()
    waiting = [
        approval
        for run in book.runs.values()
        for approval in run.approvals.values()
        if is_for_always(approval) and not approval.rule
    ]
    return tuple(_store(book, approval, root=root, dirs=dirs, at=at) for approval in waiting)


def is_for_always(approval: Approval) -> bool:
    """Whether a rule is to follow from an answer."""
    decided = approval.state in ("granted", "denied")
    return decided and approval.scope == "always" and bool(approval.pattern)


def _store(book: Book, approval: Approval, *, root: Path, dirs: UserDirs, at: int) -> Rule:
    rule = add_rule(
        RuleDraft(
            decision="allow" if approval.state == "granted" else "deny",
            pattern=approval.pattern,
            workspace=str(root),
            approval=approval.id,
            run=approval.run or "",
            note=approval.because,
        ),
        dirs=dirs,
        at=at,
    )
    book.journal.append(
        ev.RuleStored(id=approval.id, rule=rule.id), actor="engine", run=approval.run
    )
    return rule
