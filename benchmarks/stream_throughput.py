"""Framing and parsing of worker output, against a bare loop over its lines."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from benchmarks.measure import Row, alternating, call_cpu_s
from makeitso.parsing.framing import Framer
from makeitso.parsing.library import Library, load_library
from makeitso.parsing.stream import StreamParser
from makeitso.policy.redaction import Redactor
from makeitso.prompts.packaged import packaged_text

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 1 << 20
SIZE_BYTES = 2 * MIB
CHUNK_BYTES = 8192
NONCE = "5f0c1d2e3b4a59687786a5b4c3d2e1f0"
PROSE = (
    "collecting ... collected {n} items\n"
    "   Compiling crate-{n} v0.{n}.0\n"
    "[{n}/4000] Building CXX object src/CMakeFiles/app.dir/file{n}.cpp.o\n"
    "  at step {n} the loss is 0.{n}, nothing to see\n"
    "\n"
)
FOUND = (
    'src/module{n}.py:{n}:7: error: Name "value{n}" is not defined  [name-defined]\n'
    "src/file{n}.c:{n}:9: warning: unused variable 'n{n}' [-Wunused-variable]\n"
    "FAILED tests/test_a{n}.py::test_case - AssertionError: assert {n} == 0\n"
    '  File "src/module{n}.py", line {n}, in main\n'
)
FRAMED = (
    f"<<MIS:START {NONCE}>> task\n"
    f'<<MIS:JSON {NONCE}>>{{{{"event": "progress", "step": {{n}}}}}}\n'
    f"<<MIS:END {NONCE}>>\n"
)

FLOOD = b"abcdefg\n"


def log(template: str) -> bytes:
    """About SIZE_BYTES of a log, its numbers changing from block to block."""
    blocks: list[str] = []
    size = 0
    for number in itertools.count(1):
        block = template.format(n=number)
        blocks.append(block)
        size += len(block)
        if size >= SIZE_BYTES:
            break
    return "".join(blocks).encode()


def chunks(data: bytes) -> list[bytes]:
    """As a pipe gives it."""
    return [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]


def line_loop(pieces: list[bytes]) -> int:
    """What any reader of lines must do: split, decode, look at."""
    rest, count = b"", 0
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            count += len(line.decode("utf-8", "replace").rstrip()) > 0
    return count


def framing(pieces: list[bytes]) -> int:
    """Frames and texts of a message stream."""
    framer = Framer(nonce=NONCE)
    return sum(len(framer.feed(piece)) for piece in pieces) + len(framer.close())


def parsing(pieces: list[bytes], library: Library) -> int:
    """Records and misses of a message stream."""
    parser = StreamParser("message", library, nonce=NONCE)
    return sum(len(parser.feed(piece)) for piece in pieces) + len(parser.close())


def skimming(pieces: list[bytes], library: Library) -> int:
    """Lines of a flood, once so many misses were recorded that nobody wants more of them."""
    parser = StreamParser("stdout", library, nonce=NONCE)
    parser.brief = True
    for piece in pieces:
        parser.feed(piece)
    parser.close()
    return parser.lines.lines


def masking(pieces: list[bytes]) -> int:
    """Bytes that the redactor lets through."""
    redactor = Redactor(bytes(32))
    redactor.register("secret", "a-value-that-does-not-come")
    stream = redactor.stream()
    return sum(len(stream.feed(piece)) for piece in pieces) + len(stream.close())


def rows(runs: int) -> list[Row]:
    """Framing of mixed output; parsing of output with little, and with much, to find; a flood."""
    library = load_library(packaged_text("regexes.toml"))[0]
    mixed = chunks(log(PROSE * 3 + FOUND + FRAMED))
    quiet, loud = chunks(log(PROSE)), chunks(log(FOUND))
    flood = chunks(FLOOD * (SIZE_BYTES // len(FLOOD)))
    return [
        _row("framing, mixed output", mixed, lambda: framing(mixed), runs),
        _row("parsing, mixed output", mixed, lambda: parsing(mixed, library), runs),
        _row("parsing, nothing in it", quiet, lambda: parsing(quiet, library), runs),
        _row("parsing, errors only", loud, lambda: parsing(loud, library), runs),
        _row("parsing, flood of short lines", flood, lambda: skimming(flood, library), runs),
        _row("redaction, flood of short lines", flood, lambda: masking(flood), runs),
    ]


def _row(what: str, pieces: list[bytes], ours: Callable[[], int], runs: int) -> Row:
    mib = sum(map(len, pieces)) / MIB
    cost, bare = alternating(
        lambda: call_cpu_s(ours), lambda: call_cpu_s(lambda: line_loop(pieces)), runs=runs
    )
    return Row(
        what=what,
        against="line loop",
        unit="ms CPU/MiB",
        ours=cost / mib * 1000,
        bare=bare / mib * 1000,
        runs=runs,
        note=f"{mib / cost:.1f} MiB/s",
    )
