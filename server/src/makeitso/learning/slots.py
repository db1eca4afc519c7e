r"""The type of a slot: the narrowest that covers its values, and no wider than its place allows.

A slot never holds the character that ends it, so that neighbours are parted by what stands between
them and a match is found in one way only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.learning.masks import KINDS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

GAP_SOURCE = ".*?"
_PLAIN = ("INT", "FLT", "HEX", "UUID", "IP", "TIME", "DATE", "MAC")
_LADDER: tuple[tuple[str, str], ...] = (
    ("letters", "[A-Za-z]+"),
    ("word", r"\w+"),
    ("name", r"[\w.-]+"),
    ("path", r"[\w./\\~@%+:$-]+"),
)
"""From narrow to wide; what none of them covers is anything without a blank."""
_PREFIX = re.compile(r"[A-Za-z]{3,}[_-]?")
_ENDS = "\"'`()[]{}<>,;:=|"
_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]|()]")


@dataclass(frozen=True, slots=True)
class Slot:
    """How a slot is written, and the name of its type for a person."""

    source: str
    type: str


def escape(text: str) -> str:
    """A literal in the common subset; only what is special is escaped."""
    return _SPECIAL.sub(lambda found: "\\" + found.group(), text)


def slot(values: Collection[str], kinds: Collection[str], *, before: str, after: str) -> Slot:
    """The type for a slot.

    Args:
        values: what stood there; none of them is empty unless the slot is a gap.
        kinds: kinds of the tokens that stood there.
        before: the literal character before it; empty: none.
        after: the literal character after it; empty: none, or not fixed.
    """
    if any(not value or " " in value or "\t" in value for value in values):
        return _spaced(values, kinds)
    if len(set(kinds)) == 1:
        kind = next(iter(kinds))
        if kind in KINDS and kind not in {"ID", "FILE", "PATH", "URL"} and _covers(kind, values):
            return Slot(KINDS[kind], kind.lower())
    numeric = next((k for k in _PLAIN if _covers(k, values)), None)
    if numeric:
        return Slot(KINDS[numeric], numeric.lower())
    if set(kinds) <= {"INT", "FLT"}:
        return Slot(r"[+-]?\d+(?:\.\d+)?", "number")
    prefix = _prefix(values)
    rest = [value[len(prefix) :] for value in values]
    widened = len(set(values)) > 1
    source, name = _climb(rest, widened=widened, before="" if prefix else before, after=after)
    return Slot(escape(prefix) + source, name)


def _covers(kind: str, values: Collection[str]) -> bool:
    source = re.compile(KINDS[kind], re.ASCII)
    return all(source.fullmatch(value) for value in values)


def _prefix(values: Collection[str]) -> str:
    """Letters that all values begin with, where digits or marks come after; else empty."""
    first = _PREFIX.match(min(values))
    if first is None:
        return ""
    text = first.group()
    follow = [value[len(text) :] for value in values]
    shared = all(v.startswith(text) for v in values) and all(follow)
    return text if shared and all(not f[0].isalpha() for f in follow) else ""


def _climb(values: Sequence[str], *, widened: bool, before: str, after: str) -> tuple[str, str]:
    step = next(
        (
            n
            for n, (_, s) in enumerate(_LADDER)
            if all(re.fullmatch(s, v, re.ASCII) for v in values)
        ),
        len(_LADDER),
    )
    if widened and step < 2:
        step += 1
    while step < len(_LADDER) and after and re.fullmatch(_LADDER[step][1], after, re.ASCII):
        # What comes next would be part of the slot, too: only a class without it ends there.
        step = len(_LADDER)
    if step < len(_LADDER):
        name, source = _LADDER[step]
        return source, name
    held = "".join(values)
    excluded = [c for c in dict.fromkeys((after, before)) if c and c in _ENDS and c not in held]
    inner = "".join("\\" + c if c in r"]\^-[" else c for c in excluded)
    return (rf"[^\s{inner}]+" if inner else r"\S+"), "text"


def _spaced(values: Collection[str], kinds: Collection[str]) -> Slot:
    quoted = {value[:1] for value in values}
    closed = {value[-1:] for value in values}
    if set(kinds) == {"QUOTED"} and len(quoted) == 1 and len(closed) == 1:
        mark, end = next(iter(quoted)), next(iter(closed))
        inner = f"[^{end}]*"
        return Slot(f"{mark}{inner}{end}", "quoted")
    if len(set(kinds)) == 1 and (kind := next(iter(kinds))) in KINDS and _covers(kind, values):
        return Slot(KINDS[kind], kind.lower())
    return Slot(GAP_SOURCE, "anything")
