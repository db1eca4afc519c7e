"""What the person's stored rules say of a command that a worker asks for. Pure.

A rule that denies always holds. A rule that allows lets a command out of the sandbox unasked, with
the network and everything the person may do; so it holds only where all of these do too:

| what | because |
|---|---|
| the rules file is right as a whole | what cannot be read could have denied |
| `run_shell` ask: rules for this very workspace; auto: those for all workspaces too | |
| `network`, `write_files` and `run_shell` are not never | outside the sandbox nothing holds them |
| not `manual`, no `--halt-on run_shell` or `network` | each command asks there |
| it starts in the worktree; git at its top | settings elsewhere may start programs |
| it names no protected file | those are a person's to decide |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.policy.commands import Rules, judge, normalise
from makeitso.policy.pattern_limits import refusal_of
from makeitso.policy.shell_chains import chain
from makeitso.protocol.rules import EVERYWHERE

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.policy.shell_paths import Place
    from makeitso.protocol.rules import Rule
    from makeitso.protocol.words import Permission


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """The rules that could be read.

    Attributes:
        rules: in the order of the file.
        sound: nothing is wrong in the file; when something is, nothing is allowed.
    """

    rules: tuple[Rule, ...] = ()
    sound: bool = True

    def denying(self, workspace: str) -> tuple[Rule, ...]:
        """Rules that deny here."""
        return tuple(
            rule
            for rule in self.rules
            if rule.decision == "deny" and rule.workspace in (workspace, EVERYWHERE)
        )

    def allowing(self, workspace: str, run_shell: Permission) -> tuple[Rule, ...]:
        """Rules that may allow here."""
        places = {"never": (), "ask": (workspace,), "auto": (workspace, EVERYWHERE)}[run_shell]
        return tuple(
            rule
            for rule in self.rules
            if rule.decision == "allow"
            and self.sound
            and rule.workspace in places
            and not refusal_of(rule.pattern, "allow")
        )


NO_RULES = RuleSet()


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What bounds a task: its policies and where each command asks.

    Attributes:
        run_shell: the task's.
        write_files: the task's.
        network: the task's.
        stepping: each command asks, whatever rules say.
    """

    run_shell: Permission
    write_files: Permission
    network: Permission
    stepping: bool

    @property
    def asks_always(self) -> bool:
        """No rule may let a command out of the sandbox."""
        return self.stepping or "never" in (self.run_shell, self.write_files, self.network)


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """A command is decided by a stored rule.

    Attributes:
        grant: allowed or denied.
        rules: those that decided, in the order of the line's commands.
    """

    grant: bool
    rules: tuple[Rule, ...]

    @property
    def who(self) -> str:
        """Who decided, for the record."""
        names = dict.fromkeys(rule.id for rule in self.rules)
        return f"rule {', '.join(names)}"

    @property
    def because(self) -> str:
        """What a worker whose command is denied is told."""
        if self.grant:
            return ""
        rule = self.rules[0]
        note = f": {rule.note}" if rule.note else ""
        return f"a stored rule denies `{rule.pattern}`{note}"


def ruling(
    line: str,
    *,
    known: RuleSet,
    workspace: str,
    bounds: Bounds,
    place: Place,
    protected: Callable[[str], str],
) -> Ruling | None:
    """What the rules say of a command line; None: nothing, a person decides.

    Args:
        line: the command line.
        known: the rules.
        workspace: absolute path of the workspace.
        bounds: what bounds the task.
        place: where the line would run; links followed.
        protected: why a person decides on a file of this name; empty: an ordinary one.
    """
    denying = known.denying(workspace)
    verdict = judge(line, place=place, rules=Rules(deny=tuple(rule.pattern for rule in denying)))
    if verdict.answer == "denied":
        return Ruling(grant=False, rules=(_by(verdict.rule, denying),))
    allowing = () if bounds.asks_always else known.allowing(workspace, bounds.run_shell)
    if not allowing or not _starts_here(line, place):
        return None
    rules = Rules(allow=tuple(rule.pattern for rule in allowing))
    verdict = judge(line, place=place, rules=rules)
    if verdict.answer != "allowed" or _names_protected(line, protected):
        return None
    return Ruling(grant=True, rules=tuple(_by(found, allowing) for found in verdict.patterns))


def can_be_stored(line: str, *, bounds: Bounds, place: Place) -> bool:
    """Whether a rule that allows this line could answer for it the next time."""
    return not bounds.asks_always and _starts_here(line, place)


def _by(pattern: str, rules: tuple[Rule, ...]) -> Rule:
    return next(rule for rule in rules if rule.pattern == pattern)


def _starts_here(line: str, place: Place) -> bool:
    if not place.root or not place.cwd:
        return False
    programs = {command.program for command in chain(normalise(line)).commands}
    inside = place.cwd.startswith(f"{place.root}/") and "git" not in programs
    return place.cwd == place.root or inside


def _names_protected(line: str, protected: Callable[[str], str]) -> bool:
    words = (w.written for c in chain(normalise(line)).commands for w in c.arguments)
    return any(protected(word.rpartition("=")[2]) or protected(word) for word in words)
