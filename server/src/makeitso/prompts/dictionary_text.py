"""The dictionary's section in the text of an AGENTS.md: where it is, and its items."""

from __future__ import annotations

import re
from dataclasses import dataclass

from makeitso.protocol.text import Problem, Span

BEGIN = "<!-- makeitso:dictionary:begin -->"
END = "<!-- makeitso:dictionary:end -->"

_LABEL = re.compile(
    r"^\s*[-*]\s+\*\*(intents|phases|control tokens|style rules)(?::\*\*|\*\*\s*:)\s*(.*)$",
    re.IGNORECASE,
)
_NESTED = re.compile(r"^\s+[-*]\s+(.*)$")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Section:
    """The marked part of a text."""

    start: int
    """Offset of the opening marker."""
    end: int
    """Offset behind the closing marker."""
    body: str
    """What stands between, line ends as `\\n`."""
    line: int
    """Zero-based line of the opening marker."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry under a label."""

    word: str
    """What stands in back-ticks at its start; empty where nothing does."""
    text: str
    """The rest."""
    line: int


def problem(code: str, message: str, line: int) -> Problem:
    """A warning at a line of the file."""
    span = Span(line=line, column=0, end_line=line, end_column=0)
    return Problem(code=code, message=message, severity="warning", span=span)


def find_section(text: str) -> tuple[Section | None, list[Problem]]:
    """The first complete marked section, and what is wrong with the markers."""
    start = text.find(BEGIN)
    if start < 0:
        if END in text:
            line = text.count("\n", 0, text.find(END))
            return None, [problem("dictionary-marker", f"{END} without {BEGIN}", line)]
        return None, []
    line = text.count("\n", 0, start)
    end = text.find(END, start)
    if end < 0:
        message = f"{BEGIN} is never closed by {END}; the defaults hold"
        return None, [problem("dictionary-marker", message, line)]
    problems: list[Problem] = []
    second = text.find(BEGIN, start + len(BEGIN))
    if second >= 0:
        at = text.count("\n", 0, second)
        problems.append(problem("dictionary-marker", "a second section; the first one counts", at))
        if second < end:
            message = "a marker inside the section; the defaults hold"
            return None, [problem("dictionary-marker", message, at)]
    body = text[start + len(BEGIN) : end].replace("\r\n", "\n").removeprefix("\n")
    return Section(start, end + len(END), body, line), problems


def without_section(text: str) -> str:
    """The text with its marked section taken out; itself when there is none."""
    section, _ = find_section(text)
    return text if section is None else text[: section.start] + text[section.end :]


def outline(body: str, line: int) -> dict[str, list[Item]]:
    """The items under each label that is there.

    An item is a nested bullet, or, where a label has none, a part of the label's own line: each
    word in back-ticks, and for style rules each part between commas.

    Args:
        body: of the section.
        line: zero-based line of its opening marker.
    """
    found: dict[str, list[Item]] = {}
    inline: dict[str, Item] = {}
    label = ""
    for number, text in enumerate(body.split("\n"), start=line + 1):
        heading = _LABEL.match(text)
        if heading:
            label = heading.group(1).lower()
            found.setdefault(label, [])
            inline.setdefault(label, Item("", heading.group(2).strip(), number))
            continue
        nested = _NESTED.match(text)
        if nested and label:
            found[label].append(_item(nested.group(1).strip(), number))
        elif text.strip() and not text.startswith((" ", "\t")):
            label = ""
        elif text.strip() and label and found[label]:
            last = found[label][-1]
            found[label][-1] = Item(last.word, f"{last.text} {text.strip()}".strip(), last.line)
    for name, items in found.items():
        if not items:
            found[name] = _inline_items(name, inline[name])
    return found


def _item(text: str, line: int) -> Item:
    code = _CODE.match(text)
    if code is None:
        return Item("", text, line)
    return Item(code.group(1).strip(), text[code.end() :].lstrip(" :\u2013\u2014-").strip(), line)


def _inline_items(label: str, own: Item) -> list[Item]:
    if label != "style rules":
        return [Item(word.strip(), "", own.line) for word in _CODE.findall(own.text)]
    parts = [part.strip() for part in own.text.rstrip(".").split(",")]
    return [Item("", part, own.line) for part in parts if part and part != "etc"]
