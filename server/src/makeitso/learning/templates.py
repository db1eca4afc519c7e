r"""A template written as an expression: literals, typed slots, at most one gap, anchored.

`^\s*…\s*$`. The words of an event behind what a logger puts before them become the field
`message`; a level among what stands before becomes `severity`. Other slots have no name: nothing
says what they mean, and a wrong name is worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.learning.clusters import GAP, SPACE
from makeitso.learning.masks import SEVERITIES, body_start, is_slot, tokens
from makeitso.learning.slots import GAP_SOURCE, Slot, escape, slot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.learning.clusters import Cluster, Template
    from makeitso.learning.masks import Token


@dataclass(frozen=True, slots=True)
class Written:
    """An expression with what its slots are, in order."""

    regex: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of places of a template: a literal text, or one slot over some places."""

    first: int
    last: int
    literal: str


def write(cluster: Cluster) -> Written:
    """The expression of a cluster; it matches every line the cluster was made of."""
    template = cluster.template
    rows = [_align(tokens(line), template) for line in cluster.lines]
    pieces = _pieces(template, rows)
    body = _body(template, pieces)
    out: list[str] = []
    found: list[Slot] = []
    gaps = 0
    for index, piece in enumerate(pieces):
        if index == body:
            out.append("(?P<message>")
        if piece.literal:
            out.append(_literal(piece.literal, named=index < body and body >= 0))
            continue
        typed = _slot(piece, pieces, index, rows)
        if typed.source == GAP_SOURCE:
            gaps += 1
        found.append(typed)
        out.append(typed.source)
    text = "".join(out) + (")" if body >= 0 else "")
    if gaps > 1:
        return _one_gap(pieces, rows)
    return Written(rf"^\s*{text}\s*$", tuple(found))


def _align(line: tuple[Token, ...], template: Template) -> list[list[Token]]:
    """The tokens at each place of a template; several at its gap, one elsewhere."""
    if GAP not in template:
        return [[token] for token in line]
    head = template.index(GAP)
    tail = len(template) - head - 1
    middle = list(line[head : len(line) - tail])
    ends = line[len(line) - tail :] if tail else ()
    return [[t] for t in line[:head]] + [middle] + [[t] for t in ends]


def _text(row: list[list[Token]], first: int, last: int) -> str:
    return "".join(token.text for place in row[first : last + 1] for token in place)


def _pieces(template: Template, rows: Sequence[list[list[Token]]]) -> list[_Piece]:
    """Literals and slots; slots that nothing parts become one."""
    out: list[_Piece] = []
    for place, key in enumerate(template):
        literal = ""
        if key == SPACE:
            literal = " " if all(_text(row, place, place) == " " for row in rows) else "\t"
        elif not is_slot(key):
            literal = key
        if out and not literal and not out[-1].literal:
            out[-1] = _Piece(out[-1].first, place, "")
        else:
            out.append(_Piece(place, place, literal))
    return out


def _slot(
    piece: _Piece, pieces: Sequence[_Piece], index: int, rows: Sequence[list[list[Token]]]
) -> Slot:
    values = {_text(row, piece.first, piece.last) for row in rows}
    single = piece.first == piece.last
    kinds = {t.kind for row in rows for t in row[piece.first]} if single else {"RAW"}
    before = pieces[index - 1].literal[-1:] if index else ""
    after = pieces[index + 1].literal[:1] if index + 1 < len(pieces) else ""
    return slot(values, kinds, before=before.strip(), after=after.strip())


def _literal(text: str, *, named: bool) -> str:
    if text == "\t":
        return r"\s+"
    if named and text.lower() in SEVERITIES:
        return f"(?P<severity>{escape(text)})"
    return escape(text)


def _body(template: Template, pieces: Sequence[_Piece]) -> int:
    """Index of the piece where the field `message` begins."""
    start = body_start(template)
    return next((n for n, p in enumerate(pieces) if p.first <= start <= p.last), 0)


def _one_gap(pieces: Sequence[_Piece], rows: Sequence[list[list[Token]]]) -> Written:
    """All from the first gap to the last as one gap."""
    wide = [
        n
        for n, p in enumerate(pieces)
        if not p.literal and _slot(p, pieces, n, rows).source == GAP_SOURCE
    ]
    merged = [
        *pieces[: wide[0]],
        _Piece(pieces[wide[0]].first, pieces[wide[-1]].last, ""),
        *pieces[wide[-1] + 1 :],
    ]
    found = [(p, None if p.literal else _slot(p, merged, n, rows)) for n, p in enumerate(merged)]
    text = "".join(_literal(p.literal, named=False) if s is None else s.source for p, s in found)
    return Written(rf"^\s*{text}\s*$", tuple(s for _, s in found if s is not None))
