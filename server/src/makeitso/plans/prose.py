"""Markdown prose without its layout: what stays the same when somebody re-wraps it."""

from __future__ import annotations

import re

from makeitso.plans.fences import closes, fence_at
from makeitso.plans.lines import dedent, indent_of, is_blank

_ITEM = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+")
_HEADING = re.compile(r"[ \t]*(#{1,6})[ \t]+")

Piece = tuple[str, str]
"""Kind (`text`, `item`, `head1`…, `code`) and words."""


def normal_prose(text: str) -> list[Piece]:
    """Cut Markdown into pieces that do not depend on wrapping, list markers or indentation.

    Words of a paragraph, list item or heading are joined by single blanks. Fenced code is kept line
    by line, since blanks in it may be the point; only blanks at line ends go.
    """
    pieces: list[Piece] = []
    kind = ""
    words: list[str] = []

    def close() -> None:
        nonlocal kind
        if kind and (words or kind != "text"):
            pieces.append((kind, " ".join(words)))
        kind = ""
        words.clear()

    lines = text.replace("\r\n", "\n").split("\n")
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if is_blank(line):
            close()
            continue
        if (fence := fence_at(line)) is not None:
            close()
            margin = indent_of(line)
            held = [fence.language]
            while index < len(lines) and not closes(fence, lines[index]):
                held.append(dedent(lines[index], margin).rstrip())
                index += 1
            index += 1
            pieces.append(("code", "\n".join(held)))
        elif heading := _HEADING.match(line):
            close()
            pieces.append((f"head{len(heading[1])}", " ".join(line[heading.end() :].split())))
        elif item := _ITEM.match(line):
            close()
            kind = "item"
            words.extend(line[item.end() :].split())
        else:
            kind = kind or "text"
            words.extend(line.split())
    close()
    return pieces
