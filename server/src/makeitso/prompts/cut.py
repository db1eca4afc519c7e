"""Cuts long text to size and says how much is gone. Lengths are in characters (code points)."""

from __future__ import annotations

import re
from dataclasses import dataclass

SHORTEST = 120
"""The least limit: room for the words that say what was cut."""

_FILE = re.compile(r"(?m)^(?=diff --git )")
_HUNK = re.compile(r"(?m)^(?=@@ )")


def cut_text(text: str, limit: int, *, head: float = 0.4) -> str:
    """Keep the head and the tail, at line ends where that costs little.

    Args:
        text: any text.
        limit: greatest length of the result, at least `SHORTEST`.
        head: share of what is kept that comes from the head, 0 to 1; 0 keeps the tail alone.

    Raises:
        ValueError: `limit` is below `SHORTEST`.
    """
    if limit < SHORTEST:
        raise ValueError(f"limit {limit} is below {SHORTEST}")
    if len(text) <= limit:
        return text
    room = limit - len(_gap(len(text)))  # the count can only get shorter
    front = int(room * head)
    first, last = text[:front], text[len(text) - (room - front) :]
    first = _to_line_end(first)
    last = _from_line_start(last)
    return first + _gap(len(text) - len(first) - len(last)) + last


def cut_diff(diff: str, limit: int) -> str:
    """Keep whole hunks, the first of every file before the second of any, in their order.

    A file whose first hunk is too long shows the head and tail of it, if room is left. Everything
    left out is counted where it stood.

    Args:
        diff: output of `git diff`.
        limit: greatest length of the result, at least `SHORTEST`.

    Raises:
        ValueError: `limit` is below `SHORTEST`.
    """
    if limit < SHORTEST:
        raise ValueError(f"limit {limit} is below {SHORTEST}")
    if len(diff) <= limit:
        return diff
    parts = [_parsed(part) for part in _FILE.split(diff.rstrip("\n") + "\n") if part]
    kept, room = _fill(parts, limit - len(_left_out(len(parts), files=True)))
    if not any(kept):
        return cut_text(diff, limit, head=0.8)
    begun = _begin_large_hunks(parts, kept=kept, room=room)
    shown = "".join(
        _shown(part, count, begun=begun.get(index, ""))
        for index, (part, count) in enumerate(zip(parts, kept, strict=True))
        if count
    )
    missing = kept.count(0)
    return shown + (_left_out(missing, files=True) if missing else "")


@dataclass(frozen=True)
class _FilePart:
    header: str
    hunks: tuple[str, ...]


def _parsed(part: str) -> _FilePart:
    header, *hunks = _HUNK.split(part)
    return _FilePart(header=header, hunks=tuple(hunks))


def _fill(parts: list[_FilePart], room: int) -> tuple[list[int], int]:
    """How much of each file fits (0: nothing, 1: its header, n + 1: n hunks), and what is left."""
    kept = [0] * len(parts)
    for depth in range(max(len(part.hunks) for part in parts) + 1):
        for index, part in enumerate(parts):
            if kept[index] != depth or depth > len(part.hunks):
                continue
            piece = part.header if depth == 0 else part.hunks[depth - 1]
            more = _more_after(part, depth + 1) - _more_after(part, depth)
            if len(piece) + more <= room:
                room -= len(piece) + more
                kept[index] += 1
    return kept, room


def _begin_large_hunks(parts: list[_FilePart], *, kept: list[int], room: int) -> dict[int, str]:
    """Share what is left among the files of which only the header fitted."""
    large = [index for index, part in enumerate(parts) if kept[index] == 1 and part.hunks]
    share = room // len(large) if large else 0
    if share < SHORTEST:
        large, share = large[:1], room
    if share < SHORTEST:
        return {}
    return {index: cut_text(parts[index].hunks[0], share, head=0.8) for index in large}


def _shown(part: _FilePart, count: int, *, begun: str) -> str:
    hunks = count - 1
    rest = len(part.hunks) - hunks - (1 if begun else 0)
    tail = _left_out(rest, files=False) if rest else ""
    return part.header + "".join(part.hunks[:hunks]) + begun + tail


def _more_after(part: _FilePart, count: int) -> int:
    if count == 0 or count - 1 == len(part.hunks):
        return 0
    return len(_left_out(len(part.hunks) - count + 1, files=False))


def _left_out(count: int, *, files: bool) -> str:
    what = "file" if files else "hunk"
    return f"[{count} more {what}{'' if count == 1 else 's'} not shown]\n"


def _gap(count: int) -> str:
    return f"\n[{count} characters not shown]\n"


def _to_line_end(text: str) -> str:
    end = text.rfind("\n")
    return text[:end] if end > len(text) // 2 else text


def _from_line_start(text: str) -> str:
    start = text.find("\n")
    return text[start + 1 :] if 0 <= start < len(text) // 2 else text
