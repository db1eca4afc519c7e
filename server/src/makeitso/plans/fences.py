"""Fenced code: where a block of backticks or tildes opens and what closes it."""

from __future__ import annotations

import re
from typing import NamedTuple

_OPEN = re.compile(r"[ \t]*(`{3,}(?=[^`]*$)|~{3,})[ \t]*(.*)$", re.DOTALL)


class Fence(NamedTuple):
    """An open fence: the run of marks that opened it and the first word after it, lower-case."""

    mark: str
    language: str


def fence_at(text: str) -> Fence | None:
    """The fence that a line opens, whatever its indentation; None when it opens none."""
    if "```" not in text and "~~~" not in text:
        return None
    match = _OPEN.match(text)
    if match is None:
        return None
    info: str = match[2]
    words = info.split()
    return Fence(match[1], words[0].lower() if words else "")


def closes(fence: Fence, text: str) -> bool:
    """Whether a line ends the block: at least as many of the same mark and nothing else."""
    bare = text.strip(" \t")
    return len(bare) >= len(fence.mark) and not bare.strip(fence.mark[0])


def mark_for(content: str) -> str:
    """A run of backticks that fences `content` safely: longer than any run in it, at least 3."""
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    return "`" * max(3, longest + 1)
