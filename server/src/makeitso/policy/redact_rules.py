"""Secrets known by their shape: a few rules, each inside one line, all in linear time.

They are a second net. Unknown secrets slip past any set of rules; the promise is the known values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.parsing.linear import LinearRegex

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_VALUE = 8


@dataclass(frozen=True, slots=True)
class Rule:
    """One shape; its last group is the secret."""

    name: str
    regex: LinearRegex
    hint: tuple[bytes, ...]
    """Lower-case texts without which the expression need not run."""
    judged: bool = False
    """Whether the value is looked at before it is masked."""


_WORDS = (
    r"(?:secret|token|passwd|password|passphrase|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|client[_-]?secret|credentials?|auth[_-]?key|signing[_-]?key|encryption[_-]?key)"
)


def _rule(name: str, regex: str, *hint: str, judged: bool = False) -> Rule:
    hints = tuple(text.encode() for text in hint)
    return Rule(name, LinearRegex(regex.encode()), hints, judged)


RULES: tuple[Rule, ...] = (
    _rule(
        "private-key",
        r"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----[^\n]*?"
        r"-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----)",
        "private key",
    ),
    _rule("jwt", r"\b(eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})", "eyj"),
    _rule(
        "url-password",
        r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@\"'<>]*:([^\s/@\"'<>]{3,})@",
        "://",
        judged=True,
    ),
    _rule(
        "authorization",
        r"(?i)authorization[\"']?[ \t]*[:=][ \t]*[\"']?(?:bearer|basic|token|digest|apikey)[ \t]+"
        r"([A-Za-z0-9._~+/=-]{8,})",
        "authorization",
    ),
    _rule("bearer", r"(?i)\bbearer[ \t]+([A-Za-z0-9._~+/=-]{16,})", "bearer", judged=True),
    _rule(
        "api-token",
        r"\b(sk-[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}"
        r"|glpat-[A-Za-z0-9_-]{20,}|xox[abpr]-[A-Za-z0-9-]{10,}|(?:AKIA|ASIA)[0-9A-Z]{16}"
        r"|AIza[A-Za-z0-9_-]{35}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{16,})",
        "sk-", "gh", "glpat-", "xox", "akia", "asia", "aiza", "npm_", "pypi-",
    ),
    _rule(
        "assigned",
        r"(?i)" + _WORDS + r"[\"']?[ \t]*(?:=>|:=|=|:)[ \t]*[\"']?([^\s\"',;]{8,})",
        "secret", "token", "pass", "key", "credential",
        judged=True,
    ),
)  # fmt: skip

_PLACEHOLDER = re.compile(
    rb"(?i)^(?:[$%<{*:]|\[REDACTED|os\.|process\.|env[.\[]|null\b|none\b|true\b|false\b|undefined\b"
    rb"|x{4,}|\.{3}|your[_-]|example|changeme|placeholder|password$|secret$)"
)
_CODE = re.compile(rb"[()\[\]{}]|^(?:~|\.{1,2})?/[\w.-]+/|^[a-z_.]+$|^[A-Za-z_]+(?:\.[A-Za-z_]+)+$")


def apply_rules(data: bytes, mask: Callable[[str, bytes], bytes]) -> bytes:
    """Mask what the rules find in whole lines.

    Args:
        data: complete lines.
        mask: kind and secret to replacement.
    """
    low = data.lower()
    for rule in RULES:
        if not any(hint in low for hint in rule.hint):
            continue
        out: list[bytes] = []
        at = 0
        for spans in rule.regex.finditer(data):
            start, end = spans[-1]
            secret = data[start:end]
            if rule.judged and not _plausible(rule.name, secret):
                continue
            out += (data[at:start], mask(rule.name, secret))
            at = end
        if out:
            data = b"".join((*out, data[at:]))
    return data


def _plausible(rule: str, secret: bytes) -> bool:
    """Whether a value is one, and not a placeholder, a reference or a piece of program text."""
    if _PLACEHOLDER.match(secret):
        return False
    return rule != "assigned" or _CODE.search(secret) is None
