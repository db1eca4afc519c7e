"""Reading an expression far enough to say what every match of it must contain, and where it gaps.

Only what risks and explanations need: the top level of the common subset, cut into atoms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})\??")
_GROUP = re.compile(r"\((?:\?:|\?P?<(?P<name>\w+)>|\?(?P<flags>[a-zA-Z-]+)(?P<end>[:)]))?")
_WILD = re.compile(r"\.[*+]|\.\{\d+,\d*\}|\[\^?\\[sS]\\[sS]\][*+]")
_NOT_LITERAL = frozenset("dDwWsSbBAzZ")


@dataclass(frozen=True, slots=True)
class Atom:
    """One thing an expression is made of, with how often it may come.

    Attributes:
        source: as written, with its quantifier.
        body: without it; of a group, what is inside.
        name: name of the field, for a named group.
        quantifier: as written; empty: once.
        group: whether it is a group.
    """

    source: str
    body: str
    name: str
    quantifier: str
    group: bool

    @property
    def optional(self) -> bool:
        """Whether a match may do without it."""
        return self.quantifier[:1] in {"*", "?"} or self.quantifier.startswith(("{0,", "{0}"))


def branches(regex: str) -> list[list[Atom]]:
    """The alternatives of an expression, each as its atoms in order."""
    found: list[list[Atom]] = [[]]
    pos = 0
    while pos < len(regex):
        if regex[pos] == "|":
            found.append([])
            pos += 1
            continue
        end, name, body, group = _one(regex, pos)
        counted = _QUANTIFIER.match(regex, end)
        quantifier = counted.group() if counted else ""
        end += len(quantifier)
        found[-1].append(Atom(regex[pos:end], body, name, quantifier, group))
        pos = end
    return found


def literal_count(regex: str) -> int:
    """Fewest fixed characters that any match contains; blanks do not count."""
    return min(sum(map(_atom_literals, atoms)) for atoms in branches(regex))


def gap_count(regex: str) -> int:
    """How many wildcards it has, `.*` and its like."""
    return len(_WILD.findall(re.sub(r"\\\\", "", regex)))


def _atom_literals(atom: Atom) -> int:
    if atom.optional:
        return 0
    if atom.group:
        return literal_count(atom.body)
    if atom.body.startswith("\\"):
        return int(atom.body[1:2] not in _NOT_LITERAL)
    return int(
        atom.body not in {"^", "$", "."} and not atom.body.startswith("[") and atom.body != " "
    )


def _one(regex: str, pos: int) -> tuple[int, str, str, bool]:
    """End, name, body of the atom at `pos`, and whether it is a group."""
    if regex[pos] == "\\":
        end = min(pos + 2, len(regex))
        return end, "", regex[pos:end], False
    if regex[pos] == "[":
        end = _class_end(regex, pos)
        return end, "", regex[pos:end], False
    opened = _GROUP.match(regex, pos) if regex[pos] == "(" else None
    if opened is None:
        return pos + 1, "", regex[pos], False
    if opened["end"] == ")":
        return opened.end(), "", "", True
    end, depth = opened.end(), 1
    while end < len(regex):
        if regex[end] == "\\":
            end += 2
            continue
        if regex[end] == "[":
            end = _class_end(regex, end)
            continue
        depth += {"(": 1, ")": -1}.get(regex[end], 0)
        end += 1
        if depth == 0:
            break
    return end, opened["name"] or "", regex[opened.end() : end - 1], True


def _class_end(regex: str, pos: int) -> int:
    end = pos + (2 if regex.startswith("[^", pos) else 1)
    if regex.startswith("]", end):
        end += 1
    while end < len(regex) and regex[end] != "]":
        end += 2 if regex[end] == "\\" else 1
    return min(end + 1, len(regex))
