"""Checks of what a plan asks for against what the config, and the plan itself, allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from makeitso.plans.problems import nearest, problem, replace_fix
from makeitso.plans.values import POLICY_NAMES, limits_text, permission
from makeitso.protocol.words import ApprovalPolicy, Permission

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makeitso.plans.facts import PlanFacts
    from makeitso.plans.lines import Extent
    from makeitso.plans.read import ReadPlan
    from makeitso.protocol.plan import Policies
    from makeitso.protocol.text import Problem

_STRICTEST_FIRST: tuple[Permission, ...] = get_args(Permission)
_APPROVALS: tuple[ApprovalPolicy, ...] = get_args(ApprovalPolicy)


def check_policies(read: ReadPlan, facts: PlanFacts) -> Iterator[Problem]:
    """Permissions looser than the config's or the plan's. The stricter value holds in a run."""
    config, plans = facts.policies, read.plan.policies
    for name in POLICY_NAMES:
        span = read.settings.spans.get(f"policies.{name}")
        limit = _limit(name, plans, config)
        if span is not None and limit is not None:
            message = _looser(name, permission(plans, name), limit, "the config")
            fixes = [replace_fix(span, f'"{limit}"')]
            yield problem("policy-looser", message, span, fixes=fixes)
    for task, places in zip(read.plan.tasks, read.places, strict=True):
        span = places.keys.get("policies")
        if span is None:
            continue
        own = task.policies
        for name in POLICY_NAMES:
            who = "the config"
            limit = _limit(name, own, config)
            if limit is None:
                who = "the plan"
                limit = _limit(name, own, plans)
            if limit is not None:
                message = _looser(name, permission(own, name), limit, who)
                fixes = [replace_fix(span, _narrowed(own, plans, config))]
                yield problem("policy-looser", message, span, fixes=fixes)


def _limit(name: str, asked: Policies, allowed: Policies) -> Permission | None:
    """The permission that holds instead of a looser one; None when it is not looser."""
    want = permission(asked, name)
    limit = permission(allowed, name)
    if want is None or limit is None:
        return None
    return limit if _STRICTEST_FIRST.index(want) > _STRICTEST_FIRST.index(limit) else None


def _looser(name: str, want: Permission | None, limit: Permission, who: str) -> str:
    return f"`{name} {want}` is looser than {who} allows: `{limit}` holds."


def _narrowed(asked: Policies, *allowed: Policies) -> str:
    """The value of the key with each permission as strict as the strictest limit."""
    said: list[str] = []
    for name in POLICY_NAMES:
        limits = [permission(limit, name) for limit in allowed]
        if want := permission(asked, name):
            held = [want, *(limit for limit in limits if limit is not None)]
            said.append(f"{name} {min(held, key=_STRICTEST_FIRST.index)}")
    return ", ".join(said)


def check_approvals(read: ReadPlan, facts: PlanFacts) -> Iterator[Problem]:
    """Approval policies looser than the config allows, of the plan, tasks and phases."""
    ceiling = _APPROVALS.index(facts.approval)

    def judge(
        asked: ApprovalPolicy | None, span: Extent | None, shown: str, mend: str
    ) -> Iterator[Problem]:
        if asked is not None and span is not None and _APPROVALS.index(asked) > ceiling:
            message = (
                f"{shown} `{asked}` is looser than the config allows: `{facts.approval}` holds."
            )
            yield problem("approval-looser", message, span, fixes=[replace_fix(span, mend)])

    allowed = facts.approval
    own = read.settings.spans.get("approval")
    yield from judge(read.plan.approval, own, "Approval", f'"{allowed}"')
    for task, places in zip(read.plan.tasks, read.places, strict=True):
        yield from judge(task.approval, places.keys.get("approval"), "Approval", allowed)
        for phase in task.phases:
            shown = f"Approval of the phase {phase.name}"
            mend = limits_text(allowed, phase.budget_tokens, phase.budget_s)
            yield from judge(phase.approval, places.keys.get(phase.name), shown, mend)


def check_concurrency(read: ReadPlan, facts: PlanFacts) -> Iterator[Problem]:
    """More tasks at once than the config allows."""
    limit, wanted = facts.max_concurrency, read.plan.max_concurrency
    if wanted is not None and limit is not None and wanted > limit:
        message = f"{wanted} tasks at once is more than the config allows: {limit} holds."
        span = read.settings.spans["max_concurrency"]
        fixes = [replace_fix(span, str(limit))]
        yield problem("concurrency-over", message, span, fixes=fixes)


def check_names(read: ReadPlan, facts: PlanFacts) -> Iterator[Problem]:
    """Repositories and workers that the config does not know."""
    for task, places in zip(read.plan.tasks, read.places, strict=True):
        if task.repo is not None and facts.repos is not None and task.repo not in facts.repos:
            yield _unknown(
                "repo-unknown", "repository", task.repo, facts.repos, places.keys["repo"]
            )
        known = facts.workers
        if task.worker is not None and known is not None and task.worker not in known:
            yield _unknown("worker-unknown", "worker", task.worker, known, places.keys["worker"])


def _unknown(code: str, what: str, name: str, known: frozenset[str], span: Extent) -> Problem:
    choices = sorted(known)
    near = nearest(name, choices)
    listed = ", ".join(f"`{choice}`" for choice in choices) or "none"
    message = f"`{name}` is no {what} of the config; known: {listed}."
    return problem(code, message, span, fixes=[replace_fix(span, near)] if near else ())
