"""How an open question is answered, as a command to be typed: it differs by what is asked."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from makeitso.plans.amounts import amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.protocol.approval import Approval


def how(approval: Approval) -> str:
    """The command that answers it, and what else can be said."""
    name = approval.id
    if approval.kind == "question":
        first, *others = approval.choices or ("…",)
        besides = f" (or {', '.join(others)})" if others else ""
        return f"`mis approve --answer {_quoted(first)} {name}`{besides}"
    if approval.ceiling is not None:
        half = _quoted(amount(approval.ceiling, max(1, approval.ceiling.grant // 2)))
        return f"`mis approve {name}`, or less or more: `mis approve --answer {half} {name}`"
    if approval.kind == "change":
        return f"`mis review` goes hunk by hunk, `mis approve {name}` takes all of it"
    return f"`mis approve {name}`, or `mis approve --deny {name}`"


def _quoted(text: str) -> str:
    return shlex.quote(text) if text.replace("-", "").isalnum() else f'"{text}"'


def headline(approval: Approval, *, among: Sequence[Approval]) -> str:
    """`a3  command: make`; with its run where questions of several runs stand together."""
    run = f"{approval.run}  " if len({other.run for other in among}) > 1 else ""
    return f"{run}{approval.kind}: {approval.subject}"


def outcome(approval: Approval) -> str:
    """What an answer came to: `a3 granted: make`, `a6 answered: keep`."""
    if approval.kind == "question" and approval.state == "granted":
        return f"{approval.id} answered: {approval.answer}"
    why = ""
    if approval.because:
        told = approval.kind in ("command", "question")
        why = f" ({'the worker is told' if told else 'because'}: {approval.because})"
    return f"{approval.id} {approval.state}: {approval.subject}{why}"
