"""Marks over an edit: each changed line keeps the mark of the hunk it was of before. Pure.

A person edits one hunk of a file; git may then draw it in one with what stands beside it. Where
every line can be told whose it is, such a hunk stands as parts that are one owner's each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.review.cuts import Cut, cut
from makeitso.review.edited import body_of
from makeitso.review.hunks import LineEdit, edits, opened, split, with_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from makeitso.protocol.change import Hunk

    Lay = Callable[[Hunk], tuple[Hunk, ...]]
    """A hunk as the parts it is known to stand as; itself when it is not split."""


@dataclass(kw_only=True)
class Kept:
    """What of the marks of before is found in the file with the edit in it."""

    splits: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Hunks that stand as their parts, split at unchanged lines."""
    cuts: dict[str, tuple[Cut, tuple[str, ...]]] = field(
        default_factory=dict[str, tuple[Cut, tuple[str, ...]]]
    )
    """Hunks that are cut between lines, with their parts."""
    names: dict[str, str] = field(default_factory=dict[str, str])
    """Id now, id before, of what is not the edited hunk's."""
    edited: list[str] = field(default_factory=list[str])
    """What the edited hunk has become."""


@dataclass(frozen=True)
class _Line:
    """A changed line of a hunk: whose it is, and its place among what all owners change."""

    owner: str
    place: tuple[int, int, int]


def owned(
    before: Sequence[Hunk], after: Sequence[Hunk], *, edited: Hunk, saved: str, lay: Lay
) -> Kept | None:
    """Find the hunks of a file again after an edit; None: lines cannot be told apart.

    Args:
        before: its hunks as they stood, splits laid over.
        after: the hunks git draws now.
        edited: the one of before that was edited.
        saved: what was saved of it; it fits the file.
        lay: splits that are known.
    """
    lines = _Lines(before, edited=edited, saved=saved)
    kept = Kept()
    known = {hunk.id for hunk in before}
    for hunk in after:
        if not hunk.diff.startswith("@@"):
            if hunk.id not in known:
                kept.edited.append(hunk.id)
            continue
        parts = _parted(hunk, lines, lay, kept)
        if parts is None:
            return None
        for part in parts:
            (owner,) = {line.owner for line in lines.of(part) or ()}
            if owner == edited.id:
                kept.edited.append(part.id)
            elif owner != part.id:
                kept.names[part.id] = owner
    return kept if lines.all_found else None


def _parted(hunk: Hunk, lines: _Lines, lay: Lay, kept: Kept) -> tuple[Hunk, ...] | None:
    """The parts of a hunk that have one owner each; how it comes to them is noted in `kept`."""
    found = lines.of(hunk)
    if found is None:
        return None
    for parts in (lay(hunk), split(hunk)):
        if all(len({line.owner for line in lines.of(part) or ()}) == 1 for part in parts):
            if parts != lay(hunk):
                kept.splits[hunk.id] = tuple(part.id for part in parts)
            return parts
    order = sorted(range(len(found)), key=lambda n: found[n].place)
    if [n for block in _blocks(hunk) for n in sorted(block, key=order.index)] != order:
        return None  # what is one place to an owner is two to git
    owners = [found[n].owner for n in order]
    drawn = tuple(order) if order != sorted(order) else ()
    starts = tuple(n for n in range(1, len(owners)) if owners[n] != owners[n - 1])
    where = Cut(before=starts, drawn=drawn)
    parts = cut(hunk, where)
    kept.cuts[hunk.id] = (where, tuple(part.id for part in parts))
    return parts


def _blocks(hunk: Hunk) -> Iterator[list[int]]:
    """Ordinals of changed lines with nothing unchanged between them."""
    _, lines, _ = opened(hunk)
    number, block = 0, list[int]()
    for line in [*lines, " "]:
        if line[:1] in ("-", "+"):
            block.append(number)
            number += 1
        elif line[:1] == " " and block:
            yield block
            block = []


class _Lines:
    """Every line that is changed with the edit in place, by its number in the base or proposal."""

    def __init__(self, before: Sequence[Hunk], *, edited: Hunk, saved: str) -> None:
        self._removed: dict[int, _Line] = {}
        self._added: dict[int, _Line] = {}
        self._wanted: set[tuple[int, int, int]] = set()
        self._found: set[tuple[int, int, int]] = set()
        for number, (edit, owner) in enumerate(_composed(before, edited=edited, saved=saved)):
            for at in range(edit.old_from, edit.old_to):
                self._removed[at] = _Line(owner, (number, 0, at))
            for at in range(edit.new_from, edit.new_to):
                self._added[at] = _Line(owner, (number, 1, at))
        for line in (*self._removed.values(), *self._added.values()):
            if line.owner != edited.id:
                self._wanted.add(line.place)

    @property
    def all_found(self) -> bool:
        """Whether every line that others than the edited hunk change was asked for."""
        return self._wanted <= self._found

    def of(self, hunk: Hunk) -> list[_Line] | None:
        """The changed lines of a hunk, as drawn; None: one of them is nobody's."""
        (old, new), lines, _ = opened(hunk)
        found: list[_Line] = []
        for line in lines:
            tag = line[:1]
            if tag in ("-", "+"):
                one = (self._removed if tag == "-" else self._added).get(old if tag == "-" else new)
                if one is None:
                    return None
                found.append(one)
            old += tag in (" ", "-")
            new += tag in (" ", "+")
        self._found.update(line.place for line in found)
        return found


def _composed(
    before: Sequence[Hunk], *, edited: Hunk, saved: str
) -> Iterator[tuple[LineEdit, str]]:
    """What each hunk changes with the edit in place, in order."""
    shift = 0
    for hunk in before:
        now = hunk
        if hunk.id == edited.id:
            (old, new), _, section = opened(hunk)
            now = with_body(hunk, body_of(saved), old=old, new=new, section=section)
        for edit in edits(now):
            moved = LineEdit(edit.old_from, edit.old_to, edit.new_from + shift, edit.new_to + shift)
            yield moved, hunk.id
        shift += now.new_lines - hunk.new_lines
