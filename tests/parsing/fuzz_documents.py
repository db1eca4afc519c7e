"""Streams made of pieces of frames, tools and noise: in chunks they give what they give whole.

`make fuzz-parsing FUZZ_ARGS="20000 1"`: documents, seed. The same seed makes the same documents.
"""

from __future__ import annotations

import random
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

from makeitso.parsing.frame_events import Limits
from makeitso.parsing.library import load_library
from makeitso.parsing.stream import StreamParser
from makeitso.prompts.packaged import packaged_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.protocol.record import Miss, Record, StreamChannel

LIBRARY = load_library(packaged_text("regexes.toml"))[0]
NONCE = "0123456789abcdef0123456789abcdef"
EXAMPLES = [x.encode() for p in LIBRARY.patterns for x in (*p.examples, *p.counter_examples)]
PIECES = [
    *(f"<<MIS:{kind}{nonce}>>".encode() for kind in ("START", "END", "ERR", "JSON", "JSON len=7")
      for nonce in ("", f" {NONCE}", " fedcba9876543210fedcba9876543210")),
    b"<<MIS:", b">>", b'{"a":1}', b'{"a":', b"1}", b"[" * 70, b'"x"', b" task", b" ", b"\t",
    b"\n", b"\n", b"\n", b"\n", b"\r\n", b"\r", b"\x1b[31m", b"\x1b[", b"\x1b[K", b"\x1b]8;;x\x07",
    b"\x1b]0;", b"\x08", b"\x00", b"\xff", b"\xc3", b"\xa9", b"\xef\xbb\xbf", b"text", b"x" * 70,
]  # fmt: skip
SMALL = Limits(line_bytes=90, block_bytes=400, block_lines=9, depth=2)


class Made(NamedTuple):
    """A document, how it is read, and where it is cut."""

    data: bytes
    sizes: list[int]
    channel: StreamChannel
    nonce: str | None
    limits: Limits


def document(chance: random.Random) -> Made:
    """Lines of tools, cut, interleaved and drawn over, between frames that are right or wrong."""
    parts: list[bytes] = []
    for _ in range(chance.randint(1, 30)):
        line = chance.choice(EXAMPLES)
        kind = chance.random()
        if kind < 0.4:
            parts += [line, b"\n"]
        elif kind < 0.5:
            parts.append(line[: chance.randint(0, len(line))])
        elif kind < 0.6:
            other, at = chance.choice(EXAMPLES), chance.randint(0, len(line))
            parts += [line[:at], other, b"\n", line[at:], b"\n"]
        else:
            parts += chance.choices(PIECES, k=chance.randint(1, 4))
    sizes = [chance.choice((1, 2, 3, 7, 16, 64, 200)) for _ in range(chance.randint(1, 5))]
    return Made(
        b"".join(parts),
        sizes,
        chance.choice(("message", "stdout", "stderr")),
        chance.choice((None, NONCE)),
        chance.choice((SMALL, Limits())),
    )


def read(made: Made, sizes: Sequence[int]) -> tuple[list[Record | Miss], object, object]:
    """Everything a parser says of a document that comes in pieces of these sizes."""
    parser = StreamParser(made.channel, LIBRARY, nonce=made.nonce, limits=made.limits)
    found: list[Record | Miss] = []
    at, step = 0, 0
    while at < len(made.data):
        size = sizes[step % len(sizes)]
        found += parser.feed(made.data[at : at + size])
        at, step = at + size, step + 1
    found += parser.close()
    return found, asdict(parser.counts), asdict(parser.lines)


def differing(count: int, *, seed: int) -> tuple[list[Made], int]:
    """Documents that depend on their chunks, and how many records and misses all of them gave."""
    chance = random.Random(seed)
    wrong: list[Made] = []
    found = 0
    for _ in range(count):
        made = document(chance)
        whole = read(made, [len(made.data) + 1])
        found += len(whole[0])
        if read(made, made.sizes) != whole:
            wrong.append(made)
    return wrong, found


def main() -> int:
    """Say how many differ; 1 when any does."""
    given = [int(word) for word in sys.argv[1:3]]
    count, seed = (*given, *(20_000, 1)[len(given) :])
    wrong, found = differing(count, seed=seed)
    print(f"{count} documents of seed {seed}: {found} records and misses, {len(wrong)} differ")
    for made in wrong[:3]:
        print(made)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
