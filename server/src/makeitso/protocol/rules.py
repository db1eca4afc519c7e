"""A person's stored rules: commands that are allowed or denied without asking."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire

RuleDecision = Literal["allow", "deny"]
EVERYWHERE = "*"


class Rule(Wire):
    """A rule as it stands in the person's own rules file."""

    id: str = Field(description="`r1`, `r2`, …; never given twice.")
    decision: RuleDecision = Field(
        description="allow: such a command may leave the sandbox unasked; deny: it may not run."
    )
    pattern: str = Field(
        description="A command in words with `*` and `?`; a last `*` is any further words."
    )
    workspace: str = Field(description="Absolute path of the workspace it holds in; `*`: in all.")
    kind: Literal["command"] = Field(default="command", description="What it is about.")
    created_at: int | None = Field(default=None, description="Unix ms; null: the file has none.")
    approval: str = Field(default="", description="Approval whose answer it is; empty: none.")
    run: str = Field(default="", description="Run of that approval.")
    note: str = Field(default="", description="A person's own words.")


class RuleView(Rule):
    """A rule with what is known about it."""

    source: str = Field(description="`file:line` it stands at.")
    holds: bool = Field(description="It holds in this workspace, now.")
    why_not: str = Field(default="", description="Why it does not hold; empty: it does.")
    uses: int = Field(default=0, ge=0, description="How often it answered here.")
    last_used_at: int | None = Field(default=None, description="Unix ms; null: never here.")


class RuleListParams(Wire):
    """The person's rules."""


class RuleListResult(Wire):
    """Rules, and what is wrong in their file."""

    path: str = Field(description="The rules file; it may not exist.")
    rules: tuple[RuleView, ...] = Field(description="In the order of the file.")
    problems: tuple[str, ...] = Field(
        default=(), description="`file:line:column: what is wrong`. With any, nothing is allowed."
    )


class RuleAddParams(Wire):
    """Store a rule that answers no question."""

    decision: RuleDecision = Field(description="What it decides.")
    pattern: str = Field(min_length=1, description="Its pattern.")
    everywhere: bool = Field(default=False, description="In all workspaces, not only in this one.")
    note: str = Field(default="", max_length=500, description="A person's own words.")


class RuleResult(Wire):
    """A rule that was stored, or taken back."""

    rule: Rule = Field(description="The rule.")


class RuleRevokeParams(Wire):
    """Take a rule back; a run under way heeds that at its next command."""

    id: str = Field(min_length=1, description="The rule.")
