"""Places in text: our spans in code points, the client's positions in the units it agreed to.

Ours end a line at LF or CRLF only, as git does; the wire ends one at a lone CR too. So a place goes
by way of its offset in the text, and both sides keep their own idea of lines.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from lsprotocol import types

from makeitso.protocol.text import Span

if TYPE_CHECKING:
    from pygls.workspace import PositionCodec


class Stretch(Protocol):
    """A range in our counting: what a `Span` of the contract and an `Extent` of a plan both are."""

    @property
    def line(self) -> int:
        """Zero-based first line."""
        ...

    @property
    def column(self) -> int:
        """Zero-based column there, in code points."""
        ...

    @property
    def end_line(self) -> int:
        """Zero-based last line."""
        ...

    @property
    def end_column(self) -> int:
        """Zero-based column after the last code point."""
        ...


_WIRE_LINE = re.compile(r"\r\n|\n|\r")


class TextIndex:
    """One version of a text, with the starts of its lines."""

    def __init__(self, text: str, codec: PositionCodec) -> None:
        self.text = text
        self._codec = codec

    @cached_property
    def _own(self) -> list[int]:
        ends = itertools.accumulate(len(line) + 1 for line in self.text.split("\n"))
        return [0, *ends][:-1]

    @cached_property
    def _wire(self) -> list[int]:
        if "\r" not in self.text:
            return self._own
        return [0, *(match.end() for match in _WIRE_LINE.finditer(self.text))]

    def range(self, span: Stretch) -> types.Range:
        """A span as the client counts."""
        return types.Range(
            start=self._position(self._offset(span.line, span.column)),
            end=self._position(self._offset(span.end_line, span.end_column)),
        )

    def span(self, wanted: types.Range) -> Span:
        """A range of the client as a span; what lies outside the text is clipped."""
        line, column = self._place(self.offset(wanted.start))
        end_line, end_column = self._place(self.offset(wanted.end))
        return Span(line=line, column=column, end_line=end_line, end_column=end_column)

    def place(self, position: types.Position) -> tuple[int, int]:
        """Line and column, in code points, of a position of the client."""
        return self._place(self.offset(position))

    def offset(self, position: types.Position) -> int:
        """Offset in the text of a position of the client, clipped to its line and the text."""
        if position.line >= len(self._wire):
            return len(self.text)
        start = self._wire[position.line]
        line = self._wire_line(position.line)
        if line.isascii():
            return start + min(position.character, len(line))
        found = self._codec.position_from_client_units(
            [f"{line}\n"], types.Position(line=0, character=position.character)
        )
        return start + min(found.character, len(line))

    def columns(self, line: int) -> int:
        """Code points on a line of ours, its line end aside."""
        if line >= len(self._own):
            return 0
        end = self._own[line + 1] if line + 1 < len(self._own) else len(self.text)
        return len(self.text[self._own[line] : end].rstrip("\r\n"))

    def whole(self) -> types.Range:
        """The range of all the text."""
        return types.Range(
            start=types.Position(line=0, character=0), end=self._position(len(self.text))
        )

    def _wire_line(self, number: int) -> str:
        start = self._wire[number]
        end = self._wire[number + 1] if number + 1 < len(self._wire) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def _offset(self, line: int, column: int) -> int:
        if line >= len(self._own):
            return len(self.text)
        return min(self._own[line] + column, len(self.text))

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._own, offset) - 1
        return line, offset - self._own[line]

    def _position(self, offset: int) -> types.Position:
        line = bisect_right(self._wire, offset) - 1
        before = self.text[self._wire[line] : offset].rstrip("\r\n")
        # in ASCII each is one unit of any encoding; what stands before most places is that
        units = len(before) if before.isascii() else self._codec.client_num_units(before)
        return types.Position(line=line, character=units)
