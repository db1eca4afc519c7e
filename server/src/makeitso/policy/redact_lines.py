"""The rules over a stream: whole lines at a time, and private keys over many lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from makeitso.policy.redact_rules import apply_rules

if TYPE_CHECKING:
    from collections.abc import Callable

LINE_BYTES = 64 << 10
"""A longer line is judged in pieces of this size."""
KEY_BYTES = 64 << 10
"""A key longer than this is masked as several."""

_BEGIN = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----[ \t\r]*$")
_END = re.compile(rb"-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----")
_BODY = re.compile(
    rb"^[\s+>|*#\"'-]*(?:[A-Za-z0-9+/]{4,}={0,2}|(?:Proc-Type|DEK-Info|Version|Comment): .*)?"
    rb"[\s\"',+]*$"
)


class LineRules:
    """Holds a line back until it is whole, so that no split can hide a secret from a rule."""

    def __init__(self, mask: Callable[[str, bytes], bytes]) -> None:
        self._mask = mask
        self._line = bytearray()
        self._key = bytearray()

    def feed(self, data: bytes) -> bytes:
        """Take bytes, give the lines they complete, masked."""
        whole = data.rfind(b"\n") + 1
        if whole and not self._key and len(self._line) + len(data) < LINE_BYTES:
            lines = bytes(self._line) + data[:whole]
            if b"PRIVATE KEY" not in lines:  # no line is too long and none of a key: the usual case
                self._line[:] = data[whole:]
                return apply_rules(lines, self._mask)
        pieces = data.split(b"\n")
        ready: list[bytes] = []
        for piece in pieces[:-1]:
            ready.extend(self._long(piece))
            self._line += b"\n"
            ready.append(bytes(self._line))
            self._line.clear()
        ready.extend(self._long(pieces[-1]))
        return self._lines(ready) if ready else b""

    def close(self) -> bytes:
        """Give what is left."""
        rest = bytes(self._line)
        self._line.clear()
        return self._lines([rest] if rest else []) + self._end_key()

    def _long(self, piece: bytes) -> list[bytes]:
        """Add to the line; give away whole pieces of one that is too long."""
        self._line += piece
        full: list[bytes] = []
        while len(self._line) >= LINE_BYTES:
            full.append(bytes(self._line[:LINE_BYTES]))
            del self._line[:LINE_BYTES]
        return full

    def _lines(self, lines: list[bytes]) -> bytes:
        # Pieces of one over-long line are judged one by one, however many come together.
        whole = all(line.endswith(b"\n") for line in lines)
        if whole and not self._key and not any(b"PRIVATE KEY" in line for line in lines):
            return apply_rules(b"".join(lines), self._mask)
        return b"".join(self._one(line) for line in lines)

    def _one(self, line: bytes) -> bytes:
        if self._key:
            end = _END.search(line)
            if end is not None:
                self._key += line[: end.end()]
                return self._end_key() + apply_rules(line[end.end() :], self._mask)
            if _BODY.match(line):
                full = self._end_key() if len(self._key) > KEY_BYTES else b""
                self._key += line
                return full
            return self._end_key() + b"\n" + self._one(line)
        begin = _BEGIN.search(line)
        if begin is None:
            return apply_rules(line, self._mask)
        self._key += line[begin.start() :]
        return apply_rules(line[: begin.start()], self._mask)

    def _end_key(self) -> bytes:
        if not self._key:
            return b""
        secret = bytes(self._key)
        self._key.clear()
        return self._mask("private-key", secret)
