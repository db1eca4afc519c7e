"""Lines, words and places: the smallest pieces of a plan document.

A line ends at LF or CRLF and nowhere else: a lone CR, U+2028 or a form feed is text, because that
is how git counts lines, and a diagnostic must point at the line that git names.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from makeitso.protocol.text import Span

BOM = "\ufeff"
BLANK = -1
TAB_STOP = 4
"""Columns a tab advances to, as CommonMark counts indentation."""


class Line(NamedTuple):
    """One physical line."""

    text: str
    eol: str
    """The exact characters that end it; "" on the last one."""
    depth: int
    """Columns of indentation; `BLANK` for a line of blanks and tabs only."""


class Extent(NamedTuple):
    """A `Span` that costs little to make: parsing makes tens of thousands, people see a few."""

    line: int
    column: int
    end_line: int
    end_column: int

    def to_span(self) -> Span:
        """The same as a record of the contract."""
        return Span(
            line=self.line,
            column=self.column,
            end_line=self.end_line,
            end_column=self.end_column,
        )


class Word(NamedTuple):
    """A piece of one line that means something: its text and where it starts."""

    text: str
    line: int
    column: int

    @property
    def span(self) -> Extent:
        """The place of the word."""
        return Extent(self.line, self.column, self.line, self.column + len(self.text))


class Part(NamedTuple):
    """Where a stretch of a flow's text comes from."""

    offset: int
    line: int
    column: int


def _offset(part: Part) -> int:
    return part.offset


class Flow(NamedTuple):
    """A value that may run over several lines, joined by single spaces, with its places."""

    text: str
    line: int
    """Where the first line's part starts."""
    column: int
    more: tuple[Part, ...] = ()
    """The parts from further lines."""

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character of `text`."""
        index = bisect_right(self.more, offset, key=_offset)
        if index == 0:
            return self.line, self.column + offset
        part = self.more[index - 1]
        return part.line, part.column + offset - part.offset

    def span(self, start: int, end: int) -> Extent:
        """The place of `text[start:end]`."""
        if not self.more:
            end = max(start, end)
            return Extent(self.line, self.column + start, self.line, self.column + end)
        line, column = self.place(start)
        if end <= start:
            return Extent(line, column, line, column)
        end_line, end_column = self.place(end - 1)
        return Extent(line, column, end_line, end_column + 1)


def split_lines(text: str) -> list[Line]:
    """Cut a text into lines; joining text and eol of all of them gives the text back."""
    pieces = text.split("\n")
    last = pieces.pop()
    lines = [_line(p[:-1], "\r\n") if p.endswith("\r") else _line(p, "\n") for p in pieces]
    if last or not lines:
        lines.append(_line(last, ""))
    if lines[0].text.startswith(BOM):
        first = lines[0]
        lines[0] = _line(look(first.text, 0), first.eol)._replace(text=first.text)
    return lines


def _line(text: str, eol: str) -> Line:
    bare = text.lstrip(" \t")
    if not bare:
        return Line(text, eol, BLANK)
    depth = len(text) - len(bare)
    return Line(text, eol, indent_of(text) if depth and "\t" in text[:depth] else depth)


def look(text: str, number: int) -> str:
    """The text of a line as the grammar sees it: a byte order mark counts as one blank.

    One character stays one character, so that columns found here are columns of the document.
    """
    return " " + text[1:] if number == 0 and text.startswith(BOM) else text


def indent_of(text: str) -> int:
    """Columns of leading blanks and tabs."""
    if text[:1] not in (" ", "\t"):
        return 0
    columns = 0
    for character in text:
        if character == " ":
            columns += 1
        elif character == "\t":
            columns += TAB_STOP - columns % TAB_STOP
        else:
            break
    return columns


def dedent(text: str, columns: int) -> str:
    """Take off up to `columns` columns of indentation; a tab cut in two leaves blanks behind."""
    taken = 0
    for index, character in enumerate(text):
        if taken >= columns:
            return " " * (taken - columns) + text[index:]
        if character == " ":
            taken += 1
        elif character == "\t":
            taken += TAB_STOP - taken % TAB_STOP
        else:
            return text[index:]
    return " " * max(0, taken - columns)


def is_blank(text: str) -> bool:
    """True for a line of blanks and tabs only."""
    return not text.strip(" \t")


def trim_blank(lines: list[str]) -> list[str]:
    """Without the empty lines at both ends; lines of blanks only become empty."""
    kept = ["" if is_blank(line) else line for line in lines]
    start, end = 0, len(kept)
    while start < end and not kept[start]:
        start += 1
    while end > start and not kept[end - 1]:
        end -= 1
    return kept[start:end]


def line_span(number: int, text: str) -> Extent:
    """The place of a whole line without its end."""
    return Extent(number, 0, number, len(text))
