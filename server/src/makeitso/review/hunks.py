"""Hunks: ids, exact line ranges, applying a choice of them, splitting and joining.

Lines are git's: bytes up to and including LF, the last one maybe without. A hunk is shown with
context lines; what it changes is a list of line edits between the two blobs, so that applying never
depends on how the text was decoded for display.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from makeitso.protocol.change import Hunk

ID_HEX = 12
_HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@([^\n]*)\n")


@dataclass(frozen=True)
class LineEdit:
    """Base lines `old_from..old_to` become proposal lines `new_from..new_to`.

    Zero-based, ends exclusive.
    """

    old_from: int
    old_to: int
    new_from: int
    new_to: int


def hunk_id(
    *, task: str, path: bytes, base_blob: str, kind: str, removed: bytes, added: bytes, place: bytes
) -> str:
    """The id of a hunk: the first 12 hex digits of SHA-256 over its parts, each with its length.

    `place` says where in the base it is and which lines around it stay. So the same id means the
    same change of the same text: of two hunks that say the same, none gets the name of the other
    when that is gone. How far lines moved in the proposal is not in it.
    """
    name, blob, sort = task.encode(), base_blob.encode(), kind.encode()
    form = b"%d:%b%d:%b%d:%b%d:%b%d:%b%d:%b%d:%b" % (
        len(name), name, len(path), path, len(blob), blob, len(sort), sort,
        len(removed), removed, len(added), added, len(place), place,
    )  # fmt: skip
    return hashlib.sha256(form).hexdigest()[:ID_HEX]


def split_lines(data: bytes) -> list[bytes]:
    """Lines as git counts them: ended by LF and by nothing else."""
    lines = data.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])


def edits(hunk: Hunk) -> tuple[LineEdit, ...]:
    """The exact line ranges a text hunk replaces, in order; () for whole-file hunks without lines.

    Source: the hunk's own diff, whose first letters say what each line is.
    """
    body = hunk.diff.split("\n")[1:]
    old, new = _first(hunk.old_start, hunk.old_lines), _first(hunk.new_start, hunk.new_lines)
    found: list[LineEdit] = []
    start: tuple[int, int] | None = None
    for line in body:
        tag = line[:1]
        if tag in ("-", "+"):
            start = start or (old, new)
        elif tag == " " and start is not None:
            found.append(LineEdit(start[0], old, start[1], new))
            start = None
        old += tag in (" ", "-")
        new += tag in (" ", "+")
    if start is not None:
        found.append(LineEdit(start[0], old, start[1], new))
    return tuple(found)


def apply(base: bytes, proposal: bytes, hunks: Iterable[Hunk]) -> bytes:
    """The base with the chosen text hunks of the proposal in it.

    None of them gives the base, all of them the proposal, byte for byte.
    """
    chosen = sorted(
        (edit for hunk in hunks for edit in edits(hunk)),
        key=lambda edit: (edit.old_from, edit.new_from),
    )
    old_lines, new_lines = split_lines(base), split_lines(proposal)
    out: list[bytes] = []
    at = 0
    for edit in chosen:
        out += old_lines[at : edit.old_from]
        out += new_lines[edit.new_from : edit.new_to]
        at = edit.old_to
    out += old_lines[at:]
    return b"".join(_ended(out))


def _ended(lines: list[bytes]) -> list[bytes]:
    """The lines, each but the last with a newline: one that had none may stand before others now.

    It gets the line end of the line before it, or of the one after.
    """
    for at in range(len(lines) - 1):
        if not lines[at].endswith(b"\n"):
            beside = lines[at - 1] if at else lines[at + 1]
            lines[at] += b"\r\n" if beside.endswith(b"\r\n") else b"\n"
    return lines


def split(hunk: Hunk) -> tuple[Hunk, ...]:
    """Split a text hunk at its unchanged lines into the smallest parts; itself if it is one.

    Parts are named `<id>.1`, `<id>.2`, …: they are the same whenever the hunk is. The context lines
    between two parts are shared out, the first part taking the odd one, so that the parts do not
    overlap and printing them in a row is a valid diff.
    """
    if hunk.kind != "text":
        return (hunk,)
    header, lines, section = opened(hunk)
    cuts = _cuts(lines)
    if not cuts:
        return (hunk,)
    bounds = [0, *cuts, len(lines)]
    old, new = header
    parts: list[Hunk] = []
    for number, (begin, end) in enumerate(itertools.pairwise(bounds), start=1):
        part = with_body(hunk, lines[begin:end], old=old, new=new, section=section)
        parts.append(part.model_copy(update={"id": f"{hunk.id}.{number}"}))
        old += sum(line[:1] in (" ", "-") for line in lines[begin:end])
        new += sum(line[:1] in (" ", "+") for line in lines[begin:end])
    return tuple(parts)


def join(parts: Sequence[Hunk]) -> Hunk:
    """The hunk whose parts these are, as it was before it was split; state and reason pending.

    Raises:
        UsageError: they are not all the parts of one hunk, in order.
    """
    first = parts[0]
    names = [part.id for part in parts]
    whole = parent_id(first.id)
    if len(parts) == 1 and not is_part(first.id):
        return first
    if names != [f"{whole}.{number}" for number in range(1, len(parts) + 1)]:
        raise UsageError("Only all the parts of one hunk can be joined.")
    (old, new), _, section = opened(first)
    lines = [line for part in parts for line in opened(part)[1]]
    joined = with_body(first, lines, old=old, new=new, section=section)
    joined = joined.model_copy(update={"id": whole, "state": "pending", "reason": ""})
    if len(parts) == 1 or len(split(joined)) != len(parts):
        raise UsageError("Only all the parts of one hunk can be joined.")
    return joined


def is_part(hunk_id: str) -> bool:
    """Whether an id names a part of a split hunk."""
    return "." in hunk_id


def parent_id(hunk_id: str) -> str:
    """The hunk a part belongs to; itself when it is none."""
    return hunk_id.partition(".")[0]


def _first(start: int, count: int) -> int:
    """Zero-based first line. Git names the line before an empty range."""
    return start - 1 if count else start


def opened(hunk: Hunk) -> tuple[tuple[int, int], list[str], str]:
    """Zero-based starts, body lines without their newline, what follows the second `@@`.

    Raises:
        UsageError: the hunk holds no lines.
    """
    found = _HEADER.match(hunk.diff)
    if found is None:
        raise UsageError(f"Hunk {hunk.id} holds no lines.")
    starts = (_first(hunk.old_start, hunk.old_lines), _first(hunk.new_start, hunk.new_lines))
    return starts, hunk.diff[found.end() :].removesuffix("\n").split("\n"), found[5]


def with_body(hunk: Hunk, lines: Sequence[str], *, old: int, new: int, section: str) -> Hunk:
    """A hunk like `hunk` with these lines, starting at these zero-based lines."""
    old_lines = sum(line[:1] in (" ", "-") for line in lines)
    new_lines = sum(line[:1] in (" ", "+") for line in lines)
    old_start, new_start = old + (old_lines > 0), new + (new_lines > 0)
    header = f"@@ -{_range(old_start, old_lines)} +{_range(new_start, new_lines)} @@{section}"
    return hunk.model_copy(
        update={
            "old_start": old_start,
            "old_lines": old_lines,
            "new_start": new_start,
            "new_lines": new_lines,
            "diff": "\n".join((header, *lines, "")),
        }
    )


def _range(start: int, count: int) -> str:
    return f"{start}" if count == 1 else f"{start},{count}"


def _cuts(lines: Sequence[str]) -> list[int]:
    """Where to cut: in the middle of each run of context between two changes."""
    cuts: list[int] = []
    context = 0
    seen_change = False
    for at, line in enumerate(lines):
        if line[:1] == " ":
            context += 1
        elif line[:1] in ("-", "+"):
            if seen_change and context:
                cuts.append(at - context // 2)
            seen_change, context = True, 0
    return cuts
