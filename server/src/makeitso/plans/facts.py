"""What checking a plan takes from outside it: limits of the config, facts of the journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.protocol.plan import Policies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.plans.canonical import Canonical
    from makeitso.protocol.words import ApprovalPolicy


@dataclass(frozen=True, kw_only=True)
class BaseResult:
    """How a check ended on the untouched base."""

    task: str
    command: str
    cwd: str = "."
    exit_code: int


@dataclass(frozen=True, kw_only=True)
class PlanFacts:
    """Limits and facts; the defaults limit nothing and know nothing."""

    approval: ApprovalPolicy = "delegate"
    """The loosest approval policy the config allows."""
    policies: Policies = field(default_factory=Policies)
    """What the config allows at most; null: no limit."""
    budget_tokens: int = 0
    """The config's ceiling; 0: none."""
    budget_s: int = 0
    """The config's ceiling on time, seconds; 0: none."""
    max_concurrency: int | None = None
    """The config's limit; None: not known."""
    repos: frozenset[str] | None = None
    """Names in `[repos]`; None: not known, not checked."""
    workers: frozenset[str] | None = None
    """Names of workers; None: not known, not checked."""
    approved_tasks: Mapping[str, Canonical] = field(default_factory=dict[str, "Canonical"])
    """By task id, the canonical form in which the task was last approved."""
    approved_plan: Canonical | None = None
    """The canonical form in which the plan was last approved."""
    evidence: frozenset[str] | None = None
    """Ids of tasks that a run ended with passing checks; None: no journal was read."""
    base: tuple[BaseResult, ...] = ()
    """Results of checks on the base of this plan's latest run."""


NO_FACTS = PlanFacts()
"""Nothing is known: checks the plan alone."""
