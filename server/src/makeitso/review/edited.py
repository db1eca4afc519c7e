"""A hunk as a person rewrote it: whether it fits the base, and the proposal with it in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import UsageError
from makeitso.review.hunks import split_lines

if TYPE_CHECKING:
    from makeitso.protocol.change import Hunk

NO_NEWLINE = "\\"


def with_edit(base: bytes, proposal: bytes, hunk: Hunk, saved: str) -> bytes:
    """The proposal with one hunk replaced by its edited form.

    Args:
        base: the file in the base.
        proposal: the file as proposed.
        hunk: the hunk as it stands, with lines.
        saved: unified diff text of the edited hunk; its `@@` line is not read, for people rarely
            keep its numbers right.

    Raises:
        UsageError: a line has no leading ` `, `+`, `-`, or context and removed lines are not
            exactly the lines of the base there.
    """
    old, new = _sides(saved)
    start = hunk.old_start - 1 if hunk.old_lines else hunk.old_start
    expected = split_lines(base)[start : start + hunk.old_lines]
    if old != expected:
        place = next(
            (i for i, (a, b) in enumerate(zip(old, expected, strict=False)) if a != b),
            min(len(old), len(expected)),
        )
        raise UsageError(
            f"the edited hunk does not fit {hunk.path} at line {start + place + 1}: "
            "lines with a space or a - must stay as they were",
            hint="only change, remove or add lines that begin with +",
        )
    lines = split_lines(proposal)
    first = hunk.new_start - 1 if hunk.new_lines else hunk.new_start
    after = first + hunk.new_lines
    if after < len(lines) and new and not new[-1].endswith(b"\n"):
        new[-1] += b"\n"
    return b"".join([*lines[:first], *new, *lines[after:]])


def _sides(saved: str) -> tuple[list[bytes], list[bytes]]:
    """Old and new lines of the body of a hunk."""
    old: list[bytes] = []
    new: list[bytes] = []
    last: list[list[bytes]] = []
    lines = saved.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, start=1):
        if line.startswith("@@"):
            continue
        tag, text = line[:1], (line[1:] + "\n").encode("utf-8", "surrogatepass")
        if tag == NO_NEWLINE:
            for side in last:
                side[-1] = side[-1].removesuffix(b"\n")
            continue
        if tag not in ("", " ", "+", "-"):
            raise UsageError(
                f"line {number} of the edited hunk begins with {tag!r}",
                hint="each line begins with a space, + or -",
            )
        last = [side for side, tags in ((old, " -"), (new, " +")) if (tag or " ") in tags]
        for side in last:
            side.append(text)
    return old, new
