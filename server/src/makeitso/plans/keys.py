"""The lines `- name: value` under a task: which keys there are and where a value ends."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, get_args

from makeitso.plans.fences import closes, fence_at
from makeitso.plans.lines import BLANK, Flow, Line, Part, Word, dedent, indent_of, trim_blank
from makeitso.plans.tree import Key, TaskKey

if TYPE_CHECKING:
    from collections.abc import Sequence

TASK_KEYS: tuple[TaskKey, ...] = get_args(TaskKey)
_KNOWN: dict[str, TaskKey] = {key: key for key in TASK_KEYS}
_NEAR = 0.75
"""Likeness from which a word counts as a slip of a key (`polices`, `done wen`)."""

_KEY = re.compile(
    r"[ \t]*[-*+][ \t]+(?:\*\*|__)?([A-Za-z][A-Za-z _-]{0,23}?)(?:\*\*|__)?[ \t]*:(?:\*\*|__)?"
    r"(?:[ \t]+(.*)|)$",
    re.DOTALL,
)
_NESTED = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+")
_KEY_DEPTH = 3
"""Columns a key may stand further in than the task's text; deeper ones are code."""


def known_key(name: str) -> TaskKey | None:
    """The key a name means: letter case and the kind of gap do not matter."""
    key = _KNOWN.get(name)
    if key is None and not name.islower():
        key = _KNOWN.get(name.lower())
    return key or _KNOWN.get(re.sub(r"[\s_-]+", " ", name.lower()))


def near_key(name: str) -> TaskKey | None:
    """The key that a name is a slip of; None when it resembles none."""
    near = get_close_matches(name.lower(), TASK_KEYS, n=1, cutoff=_NEAR)
    return _KNOWN[near[0]] if near else None


def key_name(text: str, indent: int) -> str | None:
    """The name, if a line under a task whose marker stands at `indent` has the form of a key."""
    match = _key_match(text, indent_of(text) - indent)
    return match[1] if match else None


def _key_match(text: str, inside: int) -> re.Match[str] | None:
    """Match a line that is `inside` columns further in than the task's marker."""
    return _KEY.match(text) if 2 <= inside <= 2 + _KEY_DEPTH and ":" in text else None


def read_keys(
    lines: Sequence[Line], *, first: int, start: int, indent: int
) -> tuple[tuple[Key, ...], int]:
    """Read the keys under a task's first line.

    They are the items straight under it. After an empty line only a known key, or a slip of one,
    goes on the list: anything else begins the body.

    Args:
        lines: the lines of the whole item.
        first: number of `lines[0]` in the document.
        start: index of the line to begin at.
        indent: columns before the task's list marker.

    Returns:
        The keys and the index of the first line after them.
    """
    keys: list[Key] = []
    index = after = start
    gap = False
    while index < len(lines):
        text, _, depth = lines[index]
        if depth == BLANK:
            gap = True
            index += 1
            continue
        match = _key_match(text, depth - indent)
        if match is None:
            break
        name: str = match[1]
        key = known_key(name)
        if key is None and gap and near_key(name) is None:
            break
        key_node, index = _read_key(lines, first=first, index=index, match=match, key=key)
        keys.append(key_node)
        after = index
        gap = False
    return tuple(keys), after


def _read_key(
    lines: Sequence[Line], *, first: int, index: int, match: re.Match[str], key: TaskKey | None
) -> tuple[Key, int]:
    depth = lines[index].depth + 2
    start = first + index
    value = "" if match[2] is None else match[2].rstrip(" \t")
    runs: list[list[Word]] = [[]]
    if value:
        runs[0].append(Word(value, start, match.start(2)))
    code: str | None = None
    index += 1
    while index < len(lines):
        text, _, margin = lines[index]
        if margin < depth:
            break
        if (fence := fence_at(text)) is not None:
            index += 1
            held: list[str] = []
            while index < len(lines) and not closes(fence, lines[index].text):
                held.append(dedent(lines[index].text, margin))
                index += 1
            code = "\n".join(trim_blank(held))
            index += 1
            continue
        nested = _NESTED.match(text)
        column = nested.end() if nested else len(text) - len(text.lstrip(" \t"))
        word = Word(text[column:].rstrip(" \t"), first + index, column)
        if nested:
            runs.append([word])
        else:
            runs[-1].append(word)
        index += 1
    index = min(index, len(lines))
    node = Key(
        name=Word(match[1], start, match.start(1)),
        key=key,
        first=start,
        end=first + index,
        flows=tuple(_flow(run) for run in runs if run),
        code=code,
    )
    return node, index


def _flow(words: list[Word]) -> Flow:
    text, line, column = words[0]
    if len(words) > 1:
        parts: list[Part] = []
        offset = len(text) + 1
        for word in words[1:]:
            parts.append(Part(offset, word.line, word.column))
            offset += len(word.text) + 1
        text = " ".join(word.text for word in words)
        return Flow(text.replace("\r", " "), line, column, tuple(parts))
    return Flow(text.replace("\r", " "), line, column)
