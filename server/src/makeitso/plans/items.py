"""One task item: where it ends, its box, id and title, its keys and its body."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from makeitso.plans.fences import Fence, closes, fence_at
from makeitso.plans.keys import read_keys
from makeitso.plans.lines import (
    BLANK,
    TAB_STOP,
    Line,
    Word,
    dedent,
    look,
    trim_blank,
)
from makeitso.plans.tree import Item

if TYPE_CHECKING:
    from collections.abc import Sequence

SEPARATOR = "<!-- -->"
"""Markdown's idiom to end a list: what follows is not a key, whatever it looks like."""

_TASK = re.compile(
    r"( {0,3})([-*+]|[0-9]{1,9}[.)])([ \t]+)\[([ xX~/.>!*?-]?)\](?:[ \t]+(.*))?$", re.DOTALL
)
_BOLD = re.compile(r"(\*\*|__)(.+?)\1(?=[ \t]|$)[ \t]*", re.DOTALL)
_BLOCK_START = re.compile(r"[ \t]*(?:#{1,6}[ \t]|[-*+][ \t]|[0-9]{1,9}[.)][ \t]|>|<!--)")


def task_match(text: str) -> re.Match[str] | None:
    """The parts of a line that begins a task; None when it begins none."""
    return _TASK.match(text) if "[" in text and "]" in text else None


def read_item(lines: Sequence[Line], first: int, match: re.Match[str]) -> Item:
    """Read the task whose first line is `lines[first]`, matched by `task_match`."""
    indent = 0 if first == 0 and look(lines[0].text, 0) != lines[0].text else len(match[1])
    end = _end_of(lines, first, indent)
    own = tuple(lines[first:end])
    lead = 1
    while lead < len(own) and _goes_on(own[lead]):
        lead += 1
    keys, start = read_keys(own, first=first, start=lead, indent=indent)
    offset = len(match[1]) + len(match[2]) + (len(match[3]) if len(match[3]) <= TAB_STOP else 1)
    body = (
        trim_blank([dedent(line.text, offset) for line in own[start:]]) if start < len(own) else []
    )
    separated = bool(body) and body[0].strip() == SEPARATOR
    if separated:
        body = trim_blank(body[1:])
    if lead > 1:
        body = trim_blank([*(line.text.strip(" \t") for line in own[1:lead]), "", *body])
    number, title = _label(match, first)
    return Item(
        first=first,
        lines=own,
        indent=indent,
        offset=offset,
        box=Word(match[4], first, match.start(4)),
        id=number,
        title=title,
        keys=keys,
        body_first=first + start,
        body="\n".join(body),
        separated=separated,
    )


def _goes_on(line: Line) -> bool:
    """Whether a line under the first one is more of its paragraph: text of the body, above keys."""
    text = line.text
    return line.depth != BLANK and not _BLOCK_START.match(text) and fence_at(text) is None


def _label(match: re.Match[str], line: int) -> tuple[Word | None, Word]:
    label: str = match[5] or ""
    column = match.start(5) if match[5] is not None else match.end(4) + 1
    bold = _BOLD.match(label)
    if bold is None:
        return None, Word(label.rstrip(" \t"), line, column)
    number = Word(bold[2], line, column + bold.start(2))
    return number, Word(label[bold.end() :].rstrip(" \t"), line, column + bold.end())


def _end_of(lines: Sequence[Line], first: int, indent: int) -> int:
    """Number of the line after the item; empty lines at its end are not its own.

    A line belongs to the item when it is indented under it, or when it goes on with a paragraph of
    it without an empty line between, as Markdown shows it.
    """
    end = number = first + 1
    fence: Fence | None = None
    after_text = True
    while number < len(lines):
        text, _, depth = lines[number]
        if depth == BLANK:
            after_text = False
            number += 1
            continue
        if depth >= indent + 2:
            if fence is not None:
                after_text = False
                fence = None if closes(fence, text) else fence
            else:
                fence = fence_at(text)
                after_text = fence is None
        elif (
            not after_text
            or fence is not None
            or _BLOCK_START.match(text)
            or fence_at(text) is not None
        ):
            break
        number += 1
        end = number
    return end
