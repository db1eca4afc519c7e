"""`mis doctor --policy`: what a worker may do, told to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.cli.console import Console
    from makeitso.protocol.methods_workspace import PolicyReport, PolicySetting


def show_policy(console: Console, report: PolicyReport) -> None:
    """Print the report, each line with what says so."""
    console.say("What a worker may do here (a plan can narrow it, never widen it)", style="bold")
    _settings(console, report.settings)
    console.say("What Codex is told", style="bold")
    _settings(console, report.codex)
    console.say("Commands that never run, whatever is set", style="bold")
    for refusal in report.refusals:
        console.say(f"  {refusal.name:<18} {refusal.about}; e.g. {refusal.example}")
    console.say("Commands your own patterns refuse", style="bold")
    for pattern in report.dangerous:
        console.say(f"  {pattern.value}  ({pattern.source})")
    if not report.dangerous:
        console.say("  none; set [monitor] dangerous_regexes")
    console.say("Rules you stored", style="bold")
    for rule in report.rules:
        console.say(f"  {rule.name} {rule.value}  ({rule.source})")
        console.say(f"      {rule.meaning}", style="dim")
    for problem in report.rule_problems:
        console.say(f"  {problem}", style="red")
    if report.rule_problems:
        console.say("  while that is so, rules allow nothing", style="red")
    elif not report.rules:
        console.say("  none; `mis approve ID --always` stores one")
    console.say("Files that land only by a person's mark", style="bold")
    for place in report.protected:
        console.say(f"  {place.about}: {place.name}")


def _settings(console: Console, settings: Iterable[PolicySetting]) -> None:
    for setting in settings:
        console.say(f"  {setting.name} = {setting.value}  ({setting.source})")
        console.say(f"      {setting.meaning}", style="dim")
