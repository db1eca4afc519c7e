"""Whether a shell command line may run at all, before anybody is asked.

The sandbox of the operating system is the boundary; this is a second line behind it. A shell offers
endless ways to say the same thing, so nothing here ever calls a command safe: what is not
understood is `unclear`, what is understood and not known to be bad is `plain`, and both go the way
they would have gone without this. It is for the mistakes a model makes and for commands that a
person would otherwise be asked to let out of the sandbox. A program or script that does the harm
itself (`make install`, `./clean.sh`) is not looked into.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from makeitso.policy.patterns import allowed_form, denied_form
from makeitso.policy.refusals import REFUSALS
from makeitso.policy.refusals_files import doubtful_target
from makeitso.policy.shell_chains import LONGEST, chain
from makeitso.policy.shell_paths import Place
from makeitso.policy.shell_words import Operator, Redirect, Word, tokenise
from makeitso.policy.shell_wrappers import SHELLS, program, well_known

if TYPE_CHECKING:
    from makeitso.parsing.linear import LinearRegex
    from makeitso.policy.shell_chains import Chain, Command

Answer = Literal["refused", "denied", "unclear", "allowed", "plain"]


@dataclass(frozen=True)
class Verdict:
    """What is said of a command line.

    Attributes:
        answer: `refused` by a built-in rule, whatever is set; `denied` by the person's own rules;
            `unclear`: it cannot be told what it does; `allowed`: each of its commands matches a
            rule of the person; `plain`: nothing is known against it.
        reason: why, in words; empty for plain.
        rule: name of the refusal, or the pattern that matched.
        patterns: for allowed, the pattern of each command, in their order.
    """

    answer: Answer
    reason: str = ""
    rule: str = ""
    patterns: tuple[str, ...] = ()

    @property
    def stops(self) -> bool:
        """It may not run."""
        return self.answer in ("refused", "denied")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The person's own rules; `deny` and `dangerous` beat `allow`.

    Patterns are those of `policy.patterns`: `git status`, `npm run *`. For `deny`, one command of a
    line that matches is enough; for `allow`, all must match.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    dangerous: tuple[str, ...] = ()
    """Regular expressions (RE2), searched in the line and in each of its commands."""


_POSIX_SHELLS = SHELLS - {"fish"}
_HERE = Place()
_NO_RULES = Rules()


def judge(line: str, *, place: Place = _HERE, rules: Rules = _NO_RULES) -> Verdict:
    """Judge a command line.

    Args:
        line: as a shell would read it, with or without a shell around it.
        place: where it would run.
        rules: the person's.

    Raises:
        PatternError: an expression of `rules.dangerous` does not compile.
    """
    found = chain(line)
    for index, command in enumerate(found.commands):
        for refusal in REFUSALS:
            reason = refusal.found(command, index, found, place)
            if reason:
                return Verdict("refused", reason, refusal.name)
    against = _against(line, found, rules)
    if against is not None:
        return against
    doubts = [*(doubtful_target(c, place) for c in found.commands), *found.unclear]
    doubt = next((doubt for doubt in doubts if doubt), "")
    if doubt:
        return Verdict("unclear", doubt)
    return _allowed(line, rules)


def _against(line: str, found: Chain, rules: Rules) -> Verdict | None:
    for pattern in rules.deny:
        if any(denied_form(pattern, command) for command in found.commands):
            return Verdict("denied", f"your rule denies `{pattern}`", pattern)
    texts = [line, normalise(line), *(_text(command) for command in found.commands)]
    for pattern in rules.dangerous:
        regex = _compiled(pattern)
        if any(regex.matches(text.encode("utf-8", "replace")) for text in texts):
            return Verdict("denied", f"it matches the dangerous pattern `{pattern}`", pattern)
    return None


def _allowed(line: str, rules: Rules) -> Verdict:
    found = chain(normalise(line))
    if not found.commands or found.shaped or found.unclear:
        return Verdict("plain")
    used: list[str] = []
    for command in found.commands:
        pattern = next((p for p in rules.allow if allowed_form(p, command)), None)
        if pattern is None:
            return Verdict("plain")
        used.append(pattern)
    return Verdict("allowed", f"your rule allows `{used[0]}`", used[0], tuple(used))


def _text(command: Command) -> str:
    signs = (f"{r.text} {r.target.written}" for r in command.redirects)
    return " ".join((*(word.written for word in command.words), *signs))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> LinearRegex:
    from makeitso.parsing.linear import LinearRegex

    return LinearRegex(pattern.encode("utf-8"))


def normalise(line: str) -> str:
    """A command line without the shell around it: `/bin/bash -lc 'ls'` is `ls`.

    Only a shell that does nothing but run the line is taken off, so that the rest means the same:
    one of the system, with no other options. fish reads lines in a way of its own.
    """
    for _ in range(4):
        if len(line) > LONGEST:
            return line
        found = tokenise(line)
        words = [token for token in found.tokens if isinstance(token, Word)]
        others = [token for token in found.tokens if isinstance(token, Operator | Redirect)]
        if found.broken or others or len(words) != 3 or words[1].literal not in ("-c", "-lc"):
            return line
        inner = words[2].literal
        if not well_known(words[0]) or program(words[0]) not in _POSIX_SHELLS or inner is None:
            return line
        line = inner
    return line


@dataclass(frozen=True, kw_only=True)
class RefusalView:
    """A built-in refusal as people read it."""

    name: str
    about: str
    example: str = field(default="")


def refusal_views() -> tuple[RefusalView, ...]:
    """The built-in refusals, each with its first example."""
    return tuple(
        RefusalView(name=refusal.name, about=refusal.about, example=refusal.examples[0])
        for refusal in REFUSALS
    )
