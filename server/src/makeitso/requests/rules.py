"""`mis/rule/*`: the person's stored rules about commands: read, added, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.policy.standing_rules import Bounds
from makeitso.protocol.rules import EVERYWHERE, RuleListResult, RuleResult, RuleView
from makeitso.workspace.paths import user_dirs
from makeitso.workspace.rule_edit import RuleDraft, add_rule, revoke_rule
from makeitso.workspace.rule_file import read_rules

if TYPE_CHECKING:
    from makeitso.policy.standing_rules import RuleSet
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.rules import Rule, RuleAddParams, RuleListParams, RuleRevokeParams
    from makeitso.requests.place import Workplace


async def list_(at: Workplace, params: RuleListParams) -> RuleListResult:
    """All rules of the person, each with whether it holds here and how often it answered here."""
    del params
    return listed(at)


async def add(at: Workplace, params: RuleAddParams) -> RuleResult:
    """Store a rule that answers no question.

    Raises:
        UsageError: its pattern reaches too far.
        ConfigError: something is wrong in the rules file.
    """
    draft = RuleDraft(
        decision=params.decision,
        pattern=params.pattern,
        workspace=EVERYWHERE if params.everywhere else str(at.bridge.root),
        note=params.note,
    )
    rule = add_rule(draft, dirs=user_dirs(), at=at.bridge.clock.now_ms())
    return RuleResult(rule=rule)


async def revoke(at: Workplace, params: RuleRevokeParams) -> RuleResult:
    """Take a rule back; a run under way heeds that at its next command.

    Raises:
        NotFoundError: there is no such rule.
        ConfigError: something is wrong in the rules file.
    """
    if at.bridge.has_journal:
        at.bridge.store_rules()  # an answer that is not stored yet would bring it back
    return RuleResult(rule=revoke_rule(params.id, dirs=user_dirs()))


def listed(at: Workplace) -> RuleListResult:
    """The rules as they stand."""
    file = read_rules(user_dirs().rules_file)
    answered = [a for run in at.runs().values() for a in run.approvals.values()]
    return RuleListResult(
        path=str(file.path),
        rules=tuple(
            _view(at, rule, f"{file.path}:{line}", file.known, answered)
            for rule, line in file.rules
        ),
        problems=tuple(f"{found.where}: {found.problem.message}" for found in file.problems),
    )


def _view(
    at: Workplace, rule: Rule, source: str, known: RuleSet, answered: list[Approval]
) -> RuleView:
    why_not = _why_not(at, rule, known)
    uses = [a.decided_at or 0 for a in answered if rule.id in _deciders(a)]
    return RuleView(
        **rule.model_dump(),
        source=source,
        holds=not why_not,
        why_not=why_not,
        uses=len(uses),
        last_used_at=max(uses, default=None),
    )


def _deciders(approval: Approval) -> list[str]:
    kind, _, names = (approval.who or "").partition(" ")
    return names.split(", ") if kind == "rule" else []


def _why_not(at: Workplace, rule: Rule, known: RuleSet) -> str:
    """Why a rule does not hold here by the settings; a plan or flag can narrow it further."""
    config, here = at.bridge.config, str(at.bridge.root)
    if rule.workspace not in (here, EVERYWHERE):
        return "it is of another workspace"
    if rule.decision == "deny":
        return ""
    if not known.sound:
        return "something is wrong in the rules file"
    bounds = Bounds(
        run_shell=config.policies.run_shell,
        write_files=config.policies.write_files,
        network=config.policies.network,
        stepping=config.manager.approval == "manual",
    )
    if bounds.stepping:
        return "under approval = manual each command asks"
    if bounds.asks_always:
        return "run_shell, write_files or network is never"
    if rule not in known.allowing(here, bounds.run_shell):
        return "rules for all workspaces allow under run_shell = auto alone"
    return ""
