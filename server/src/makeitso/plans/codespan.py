"""Code spans as CommonMark defines them: how a command or glob stands in backticks."""

from __future__ import annotations

import re
from typing import NamedTuple

_RUN = re.compile(r"`+")


class CodeSpan(NamedTuple):
    """`text[start:end]` is the whole span with its backticks; `content` is what it says."""

    start: int
    end: int
    content: str


def span_at(text: str, start: int) -> CodeSpan | None:
    """The code span that opens at `start`; None when nothing closes it.

    A run of N backticks is closed by the next run of exactly N. One blank is taken off both ends
    when both have one and the content is not blank altogether.
    """
    opening = _RUN.match(text, start)
    if opening is None:
        return None
    width = len(opening[0])
    for run in _RUN.finditer(text, opening.end()):
        if len(run[0]) == width:
            content = text[opening.end() : run.start()]
            if len(content) > 1 and content[0] == content[-1] == " " and content.strip(" "):
                content = content[1:-1]
            return CodeSpan(start, run.end(), content)
    return None


def code_span(content: str) -> str:
    """Put a text of one line into backticks so that `span_at` gives it back."""
    runs = {len(run) for run in _RUN.findall(content)}
    width = 1
    while width in runs:
        width += 1
    padded = (
        content.startswith("`")
        or content.endswith("`")
        or (len(content) > 1 and content[0] == content[-1] == " " and content.strip(" ") != "")
    )
    pad = " " if padded else ""
    mark = "`" * width
    return f"{mark}{pad}{content}{pad}{mark}"
