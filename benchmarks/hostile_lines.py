"""Lines and patterns made to take long: bytes that repeat, examples stretched to the line cap."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from makeitso.parsing.cleaning import LINE_CAP_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from makeitso.parsing.patterns import Pattern

EVIL = (
    r"(a+)+$", r"(.*,){11}P", r"^\s+|\s+$", r"(x+x+)+y", r"(?:a|a)*b", r"(\w+\s?)*:",
    r"^(?P<path>.*?):(?P<line>.*?):(?P<message>.*?)!$", r"^(?:(?:a?){30}){30}$",
    r"(?P<path>.*)(?P<message>.*)(?P<code>.*)z", r"^(?P<path>\S+?)x(?P<message>.*x.*x.*)$",
    r"^[ab]*a[ab]{900}(?P<message>.*)$", r"^[ab]*a[ab]{100}(?P<message>.*)$", r".{0,1000}x",
    r"^(?P<path>.*)(?P<message>.*)a.{900}$", r"(?:(?:a|ab|abc|b){0,9}c?){99}z?$",
    r"\w{1,1000}[ab]{3,900}(?P<message>x)", r"(?:.?){1000}a", r"(?:.{0,30}){30}x",
)  # fmt: skip
"""Expressions that a backtracking engine never ends on, or that cost RE2 much for each byte."""
PIECES = (b"a", b"ab", b"x", b" ", b"\t", b"1", b"1,", b": ", b":", b"word word: ", b"\xff", b"'",
          b"/a.c:1:2: error: ", b"[INFO] ", b"[", b"0x1f ", b"=", b"abc ")  # fmt: skip


def long_lines(seed: int) -> Iterator[bytes]:
    """Lines at the cap."""
    chance = random.Random(seed)
    for piece in PIECES:
        line = (piece * LINE_CAP_BYTES)[:LINE_CAP_BYTES]
        yield line
        yield line[:-1] + b"!"
    for members in (b"ab", b"ab \t", bytes(range(33, 127))):
        yield bytes(chance.choices(members, k=LINE_CAP_BYTES))


def stretched(patterns: Iterable[Pattern], *, count: int, seed: int) -> Iterator[bytes]:
    """Examples of patterns with something repeated in them until the line is at its cap."""
    chance = random.Random(seed)
    examples = [x.encode() for p in patterns if not p.multiline for x in p.examples]
    for _ in range(count if examples else 0):
        line = chance.choice(examples)
        at = chance.randint(0, len(line))
        piece = chance.choice((b"a", b" ", b"1", b":", b"a:1: ", line[max(0, at - 4) : at] or b"x"))
        yield line[:at] + piece * ((LINE_CAP_BYTES - len(line)) // len(piece)) + line[at:]
