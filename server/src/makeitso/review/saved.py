"""What a person meant by saving a review document: hunks they rewrote, and what they said. Pure.

Only the lines of hunks and remarks below them are read; all else is written anew anyway. Editors
change more than people do: line ends, and white space at the end of lines, are as they were.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from makeitso.review.flags import visible
from makeitso.review.marks import all_hunks
from makeitso.review.sections import read_sections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.protocol.change import Change
    from makeitso.review.sections import HunkSection, Remark


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What is to be done."""

    edits: tuple[tuple[str, str], ...]
    """Hunk ids, with the diff text that is to land instead."""
    remarks: tuple[tuple[str, Remark], ...]
    """Hunk ids, with what was written below their lines, numbered as the hunk has them itself."""
    gone: tuple[str, ...]
    """Hunks that were rewritten or spoken of and are no part of the change any more."""


def read_saved(text: str, change: Change, *, before: str) -> Saved:
    """Compare a saved document with the change as it stands.

    Args:
        text: the document as saved.
        change: the change now.
        before: the document as it was opened or saved last, to tell what a person did to hunks
            that are not there any more.
    """
    known = {hunk.id: hunk.diff for hunk in all_hunks(change)}
    earlier = {section.id: section.body for section in _hunks(before)}
    edits: list[tuple[str, str]] = []
    remarks: list[tuple[str, Remark]] = []
    gone: list[str] = []
    for section in _hunks(text):
        said = [remark for remark in section.remarks if remark.text.strip()]
        diff = known.get(section.id)
        if diff is None:
            if said or _meant(section.body) != _meant(earlier.get(section.id, section.body)):
                gone.append(section.id)
            continue
        header, *body = diff.removesuffix("\n").split("\n")
        if not header.startswith("@@"):
            continue
        now = restored(section.body, body)
        if now != body:
            edits.append((section.id, "\n".join((header, *now, ""))))
            said = [replace(remark, after=_line_of(remark.after, now, body)) for remark in said]
        remarks += [(section.id, remark) for remark in said]
    return Saved(edits=tuple(edits), remarks=tuple(remarks), gone=tuple(gone))


def restored(saved: Sequence[str], original: Sequence[str]) -> list[str]:
    """Saved lines of a hunk with the bytes they stand for.

    A line that was there is what it was: with its line end, the white space at its end, and with
    the characters that are spelled in the document. A new line ends as most added lines did.
    """
    if _meant(saved) == _meant([visible(line) for line in original]):
        return list(original)
    was: dict[str, list[str]] = defaultdict(list)
    for line in original:
        was[_key(visible(line))].append(line)
    ends = [line.endswith("\r") for line in original if line[:1] == "+"] or [
        line.endswith("\r") for line in original
    ]
    end = "\r" if sum(ends) * 2 > len(ends) else ""
    found: list[str] = []
    for line in saved:
        same = was.get(_key(line))
        if same:
            found.append(same.pop(0) if len(same) > 1 else same[0])
        elif line[:1] == "+":
            found.append(line.removesuffix("\r") + end)
        else:
            found.append(line)
    return found


def _line_of(number: int, saved: Sequence[str], original: Sequence[str]) -> int:
    """The line of a hunk that a line of it as saved is, or stands in place of; 0: its header."""
    blocks = SequenceMatcher(None, original, saved, autojunk=False).get_opcodes()
    for _, begin, end, first, last in blocks:
        if first < number <= last:  # an added line stands for the one above it
            return min(begin + number - first, end)
    return 0


def _hunks(text: str) -> list[HunkSection]:
    return [hunk for file in read_sections(text) for hunk in file.hunks]


def _meant(lines: Sequence[str]) -> list[str]:
    return [line.rstrip() or " " for line in lines]


def _key(line: str) -> str:
    """Lines of the base are told by their words, added ones by every character of them."""
    return line.removesuffix("\r") if line[:1] == "+" else line.rstrip() or " "
