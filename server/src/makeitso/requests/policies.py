"""What a worker may do here, now, and which file and line says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from makeitso.codex.permissions import codex_permissions
from makeitso.policy.commands import refusal_views
from makeitso.protocol.methods_workspace import PolicyRefusal, PolicyReport, PolicySetting
from makeitso.review.paths import protected_places
from makeitso.workspace.config_entries import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from makeitso.protocol.rules import RuleListResult, RuleView
    from makeitso.protocol.trust import TrustState
    from makeitso.workspace.config import LoadedConfig

_MEANINGS: Mapping[str, Mapping[str, str]] = {
    "policies.write_files": {
        "never": "nothing lands, and the worktree cannot be written",
        "ask": "a worker writes in its worktree; what lands, you mark hunk by hunk",
        "auto": "under approval = delegate ordinary hunks land by themselves",
    },
    "policies.run_shell": {
        "never": "no shell at all",
        "ask": "commands run in the sandbox; leaving it asks, or a rule for this workspace answers",
        "auto": "as ask; rules for all workspaces answer too",
    },
    "policies.network": {
        "never": "no network and no web search",
        "ask": "no network in the sandbox; a command that needs it must ask to leave the sandbox",
        "auto": "network in the sandbox, and web search",
    },
    "manager.approval": {
        "manual": "every phase and every command asks",
        "confirm-phase": "phases with effects ask",
        "delegate": "phases do not ask",
    },
    "bootstrap.network": {
        "never": "set-up commands have no network",
        "auto": "set-up commands have the network",
    },
    "monitor.enabled": {
        "true": "stalls, loops and floods interrupt a turn",
        "false": "stalls, loops and floods pass; what must not run is stopped all the same",
    },
}


def report(loaded: LoadedConfig, trust: TrustState, rules: RuleListResult) -> PolicyReport:
    """Everything that bounds a worker, from the settings in force and the stored rules."""
    return PolicyReport(
        settings=(*(_setting(loaded, key) for key in _MEANINGS), *_budgets(loaded), _trust(trust)),
        codex=_codex(loaded),
        dangerous=_dangerous(loaded),
        rules=tuple(_rule(rule) for rule in rules.rules),
        rule_problems=rules.problems,
        refusals=tuple(
            PolicyRefusal(name=view.name, about=view.about, example=view.example)
            for view in refusal_views()
        ),
        protected=tuple(
            PolicyRefusal(name=", ".join(names), about=about)
            for about, names in protected_places().items()
        ),
    )


def _rule(rule: RuleView) -> PolicySetting:
    holds = {
        "allow": "may leave the sandbox unasked",
        "deny": "does not run; the worker is told so",
    }[rule.decision]
    return PolicySetting(
        name=f"{rule.id} {rule.decision}",
        value=rule.pattern,
        meaning=holds if rule.holds else f"does not hold here: {rule.why_not}",
        source=rule.source,
    )


def _setting(loaded: LoadedConfig, key: str) -> PolicySetting:
    value = loaded.value(key)
    text = value if isinstance(value, str) else shown(value)
    meaning = _MEANINGS[key][text]
    return PolicySetting(name=key, value=text, meaning=meaning, source=str(loaded.sources[key]))


def _budgets(loaded: LoadedConfig) -> Iterator[PolicySetting]:
    manager = loaded.config.manager
    for key, ceiling, what in (
        ("manager.budget_tokens", manager.budget_tokens, "tokens"),
        ("manager.budget_minutes", manager.budget_minutes, "minutes of work"),
    ):
        yield PolicySetting(
            name=key,
            value=f"{ceiling:,}" if ceiling else "0",
            meaning=f"{what} of a run; then it asks" if ceiling else f"{what} are not bounded",
            source=str(loaded.sources[key]),
        )


def _trust(trust: TrustState) -> PolicySetting:
    trusted = trust.state == "trusted"
    return PolicySetting(
        name="trust",
        value=trust.state,
        meaning="the workspace's own files may raise rights"
        if trusted
        else "what the workspace's own files would raise is left out",
        source="`mis trust`",
    )


def _codex(loaded: LoadedConfig) -> tuple[PolicySetting, ...]:
    policies, approval = loaded.config.policies, loaded.config.manager.approval
    rights = codex_permissions(
        write_files=policies.write_files,
        run_shell=policies.run_shell,
        network=policies.network,
        step_commands=approval == "manual",
    )
    rows = (
        (
            "sandbox_mode",
            rights.sandbox,
            "the whole disk can be read; nothing can be written"
            if rights.sandbox == "read-only"
            else "the whole disk can be read; the worktree and a private TMPDIR can be written",
            "policies.write_files",
        ),
        (
            "approval_policy",
            rights.approval,
            "every command asks, and a granted one runs outside the sandbox"
            if rights.approval == "untrusted"
            else "leaving the sandbox asks; granted, it runs with everything you have",
            "manager.approval",
        ),
        (
            "network_access",
            shown(rights.network_access),
            "of commands in the sandbox",
            "policies.network, policies.write_files",
        ),
        ("web_search", rights.web_search, "of the model", "policies.network"),
        (
            "features.shell_tool",
            shown(rights.shell_tool),
            "whether the model is offered a shell",
            "policies.run_shell",
        ),
    )
    return tuple(
        PolicySetting(name=name, value=value, meaning=meaning, source=source)
        for name, value, meaning, source in rows
    )


def _dangerous(loaded: LoadedConfig) -> tuple[PolicySetting, ...]:
    """Each expression with the first source that has it."""
    key = "monitor.dangerous_regexes"
    sources: dict[str, str] = {}
    for setting in loaded.settings.get(key, ()):
        if setting.outcome != "refused":
            for pattern in cast("tuple[str, ...]", setting.value):
                sources.setdefault(pattern, str(setting.source))
    return tuple(
        PolicySetting(name=key, value=pattern, meaning="refused, or interrupted", source=source)
        for pattern, source in sources.items()
    )
