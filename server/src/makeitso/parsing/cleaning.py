"""Raw bytes become clean lines: ANSI and other control sequences gone, redraws resolved.

Cleaning happens per completed line, so it cannot depend on how the bytes were cut into chunks.
The raw bytes are kept elsewhere; offsets here are offsets into them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LINE_CAP_BYTES = 64 << 10
"""Longer lines are cut here and the rest is skipped to the next newline."""

_SEQUENCES = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, erase
    rb"|\x1b\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)"  # OSC: titles, links
    rb"|\x1b[PX^_][^\x1b]{0,4096}\x1b\\"  # DCS, SOS, PM, APC
    rb"|\x1b[ -/]*[0-~]"  # two-character escapes
)
_ERASE = re.compile(rb"\x1b\[[0-2]?[KJ]")
_OVERSTRIKE = re.compile(rb"[^\x08]\x08")
_CONTROLS = bytes(c for c in range(32) if c != 9) + b"\x7f"
_ANY_CONTROL = re.compile(b"[" + re.escape(_CONTROLS) + b"]")
_CONTROL_IN_LINES = re.compile(b"[" + re.escape(_CONTROLS.replace(b"\n", b"")) + b"]")


@dataclass(frozen=True, slots=True)
class CleanLine:
    """One line without its newline, cleaned."""

    data: bytes
    offset_bytes: int
    """Offset of the line's first raw byte in the stream."""
    number: int
    """Line number in the stream, from 1."""
    cut: bool = False
    """It was longer than the cap, and only its head is here."""
    open: bool = False
    """The stream ended before its newline."""


def clean(data: bytes) -> bytes:
    """Drop escape sequences, overstrikes and control characters other than tab."""
    if _ANY_CONTROL.search(data) is None:
        return data
    data = _SEQUENCES.sub(b"", data)
    if b"\x08" in data:
        data = _OVERSTRIKE.sub(b"", data)
    return data.translate(None, _CONTROLS)


class LineCleaner:
    r"""Cuts a byte stream into clean lines; a carriage return starts the line over.

    What a terminal would show last counts: of `10%\r20%\rdone` the line is `done`. At most
    one line and one earlier drawing of it are held, each up to the cap.
    """

    def __init__(self, *, cap_bytes: int = LINE_CAP_BYTES) -> None:
        self._cap = cap_bytes
        self._segment = bytearray()
        self._segment_cut = False
        self._shown = b""
        self._shown_cut = False
        self._next_offset = 0
        self._offset = 0
        self._number = 1

    def feed(self, data: bytes) -> list[CleanLine]:
        """Take bytes, give the lines they complete."""
        lines: list[CleanLine] = []
        pieces = data.split(b"\n")
        if self.between_lines and _CONTROL_IN_LINES.search(data) is None:
            # Nothing to clean: most output is such, and needs neither state nor a second look.
            lines, pieces = self._as_they_are(pieces)
        for piece in pieces[:-1]:
            if self._is_simple(piece):
                lines.append(CleanLine(clean(piece), self._next_offset, self._number))
                self._offset += len(piece) + 1
                self._next_offset = self._offset
                self._number += 1
                continue
            self._add(piece)
            lines.append(self._finish(len(piece) + 1))
        self._add(pieces[-1])
        self._offset += len(pieces[-1])
        return lines

    def _as_they_are(self, pieces: list[bytes]) -> tuple[list[CleanLine], list[bytes]]:
        """Whole lines up to the first that is too long, and the pieces that are left."""
        lines: list[CleanLine] = []
        offset, number, cap = self._offset, self._number, self._cap
        for count, piece in enumerate(pieces[:-1]):
            if len(piece) > cap:
                pieces = pieces[count:]
                break
            lines.append(CleanLine(piece, offset, number))
            offset += len(piece) + 1
            number += 1
        else:
            pieces = pieces[-1:]
        self._offset = self._next_offset = offset
        self._number = number
        return lines, pieces

    @property
    def between_lines(self) -> bool:
        """Whether what comes next begins a line, and not the first one."""
        begun = self._segment or self._shown or self._next_offset != self._offset
        return not begun and self._number > 1

    def skip(self, stretch: bytes) -> bool:
        """Pass over whole lines that would come out as they are; False: they would not.

        Only between lines, and for a stretch that ends with a newline and is within the cap.
        """
        if len(stretch) > self._cap or _CONTROL_IN_LINES.search(stretch) is not None:
            return False
        self._offset += len(stretch)
        self._next_offset = self._offset
        self._number += stretch.count(b"\n")
        return True

    def close(self) -> list[CleanLine]:
        """Give the last line if it had no newline."""
        if self._offset == self._next_offset:
            return []
        return [self._finish(0, still_open=True)]

    def _is_simple(self, piece: bytes) -> bool:
        """Whether a piece is a line by itself; most are, and need none of the state."""
        return self.between_lines and len(piece) <= self._cap and b"\r" not in piece

    def _add(self, piece: bytes) -> None:
        if b"\r" not in piece:
            self._extend(piece)
            return
        drawings = piece.split(b"\r")
        for drawing in drawings[:-1]:
            self._extend(drawing)
            self._redraw()
        self._extend(drawings[-1])

    def _extend(self, data: bytes) -> None:
        room = self._cap - len(self._segment)
        if len(data) > room:
            self._segment_cut = True
            data = data[:room]
        self._segment += data

    def _redraw(self) -> None:
        raw = bytes(self._segment)
        text = clean(raw)
        if text or _ERASE.search(raw):
            self._shown, self._shown_cut = text, self._segment_cut
        self._segment.clear()
        self._segment_cut = False

    def _finish(self, size: int, *, still_open: bool = False) -> CleanLine:
        self._redraw()
        data = self._shown
        if self._number == 1:
            data = data.removeprefix(b"\xef\xbb\xbf")
        line = CleanLine(data, self._next_offset, self._number, self._shown_cut, still_open)
        self._offset += size
        self._next_offset = self._offset
        self._number += 1
        self._shown, self._shown_cut = b"", False
        return line
