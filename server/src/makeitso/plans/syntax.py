"""Text to concrete syntax tree. Never fails, loses nothing: `text_of(parse(text)) == text`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from makeitso.plans.fences import closes, fence_at
from makeitso.plans.items import read_item, task_match
from makeitso.plans.lines import (
    BLANK,
    Line,
    Word,
    indent_of,
    is_blank,
    look,
    split_lines,
    trim_blank,
)
from makeitso.plans.tree import AnyBlock, Document, Heading, Other, Paragraph, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)")
_RULE_MARKS = 3
"""Fewest marks that make a line across the page."""
_QUOTE = re.compile(r" {0,3}> ?")
_COMMENT = re.compile(r" {0,3}<!--")
_CODE_INDENT = 4
"""Columns from which a top-level line cannot open a fence: it is indented code itself."""


def parse(text: str) -> Document:
    """Parse any text as a plan document, in time linear in its length."""
    lines = split_lines(text)
    blocks: list[AnyBlock] = []
    number = 0
    while number < len(lines):
        block = _block(lines, number)
        blocks.append(block)
        number = block.end
    return Document(tuple(blocks))


def _block(lines: Sequence[Line], number: int) -> AnyBlock:
    text = look(lines[number].text, number)
    if lines[number].depth == BLANK:
        end = number + 1
        while end < len(lines) and lines[end].depth == BLANK:
            end += 1
        return Other(number, tuple(lines[number:end]), "blank")
    if (match := task_match(text)) is not None:
        return read_item(lines, number, match)
    if number == 0 and (front := _front_matter(lines)) is not None:
        return front
    if _COMMENT.match(text):
        return _comment(lines, number)
    if indent_of(text) < _CODE_INDENT and fence_at(text) is not None:
        return _fenced(lines, number)
    if (match := _HEADING.match(text)) is not None:
        return _heading(lines[number], number, match)
    if _is_rule(text):
        return Other(number, (lines[number],), "rule")
    if _QUOTE.match(text):
        return _quote(lines, number)
    return _paragraph(lines, number)


def _front_matter(lines: Sequence[Line]) -> Other | None:
    if look(lines[0].text, 0).strip(" \t") != "---":
        return None
    for end in range(1, len(lines)):
        if lines[end].text.rstrip(" \t") in ("---", "..."):
            return Other(0, tuple(lines[: end + 1]), "front-matter")
    return None


def _comment(lines: Sequence[Line], number: int) -> Other:
    start = lines[number].text.index("<!--") + 4
    for end in range(number, len(lines)):
        if lines[end].text.find("-->", start if end == number else 0) >= 0:
            return Other(number, tuple(lines[number : end + 1]), "comment")
    return Other(number, tuple(lines[number:]), "comment", closed=False)


def _fenced(lines: Sequence[Line], number: int) -> AnyBlock:
    fence = fence_at(look(lines[number].text, number))
    assert fence is not None
    end = number + 1
    while end < len(lines) and not closes(fence, lines[end].text):
        end += 1
    closed = end < len(lines)
    own = tuple(lines[number : end + 1])
    if fence.language != "toml":
        return Other(number, own, "code", closed)
    source = "".join(line.text + "\n" for line in lines[number + 1 : end])
    return Settings(number, own, source, closed)


def _heading(line: Line, number: int, match: re.Match[str]) -> Heading:
    text = line.text[match.end() :].rstrip(" \t")
    open_end = text.rstrip("#")
    if not open_end or open_end[-1] in " \t":
        text = open_end.rstrip(" \t")
    return Heading(number, (line,), len(match[1]), Word(text, number, match.end()))


def _is_rule(text: str) -> bool:
    if text.lstrip(" \t")[:1] not in ("-", "*", "_") or indent_of(text) >= _CODE_INDENT:
        return False
    marks = text.replace(" ", "").replace("\t", "")
    return len(marks) >= _RULE_MARKS and not marks.strip(marks[0])


def _quote(lines: Sequence[Line], number: int) -> Paragraph:
    prose: list[str] = []
    end = number
    while end < len(lines):
        text = look(lines[end].text, end)
        match = _QUOTE.match(text)
        if match is None:
            break
        prose.append(text[match.end() :])
        end += 1
    own = tuple(lines[number:end])
    return Paragraph(number, own, quoted=True, prose="\n".join(trim_blank(prose)))


def _paragraph(lines: Sequence[Line], number: int) -> Paragraph:
    end = number + 1
    while end < len(lines) and not _interrupts(lines[end].text):
        end += 1
    own = tuple(lines[number:end])
    prose = [look(line.text, number + index).strip(" \t") for index, line in enumerate(own)]
    return Paragraph(number, own, quoted=False, prose="\n".join(prose))


def _interrupts(text: str) -> bool:
    """Whether a line ends the paragraph above it."""
    return (
        is_blank(text)
        or task_match(text) is not None
        or (indent_of(text) < _CODE_INDENT and fence_at(text) is not None)
        or _HEADING.match(text) is not None
        or _is_rule(text)
        or _QUOTE.match(text) is not None
        or _COMMENT.match(text) is not None
    )
