"""Bytes into lines, with a bound on how much one line may hold."""

from __future__ import annotations

from dataclasses import dataclass

JSON_LINE_BYTES = 64 * 1024 * 1024
"""Longest line of a JSON protocol that is still read; Codex lines of 1.2 MB were seen."""


@dataclass(frozen=True)
class Line:
    """One line without its line end.

    Attributes:
        data: its bytes, at most the splitter's bound.
        cut: how many bytes beyond the bound were dropped.
        ended: False for a last line that had no line end.
    """

    data: bytes
    cut: int = 0
    ended: bool = True


class LineSplitter:
    r"""Splits chunks at `\n` (a `\r` before it is dropped), holding at most one bounded line."""

    def __init__(self, *, max_bytes: int = JSON_LINE_BYTES) -> None:
        self._max = max_bytes
        self._held: list[bytes] = []
        self._size = 0
        self._cut = 0

    def feed(self, chunk: bytes) -> list[Line]:
        """Take a chunk; return the lines it completes."""
        *whole, rest = chunk.split(b"\n")
        lines: list[Line] = []
        for part in whole:
            self._hold(part)
            lines.append(self._take(ended=True))
        self._hold(rest)
        return lines

    def finish(self) -> list[Line]:
        """The last line if it had no line end."""
        return [self._take(ended=False)] if self._size or self._cut else []

    def _hold(self, part: bytes) -> None:
        room = self._max - self._size
        kept = part[:room]
        if kept:
            self._held.append(kept)
            self._size += len(kept)
        self._cut += len(part) - len(kept)

    def _take(self, *, ended: bool) -> Line:
        data = b"".join(self._held)
        if ended and not self._cut and data.endswith(b"\r"):
            data = data[:-1]
        line = Line(data, self._cut, ended)
        self._held, self._size, self._cut = [], 0, 0
        return line
