"""Links of a review document: to the real files, to outputs of checks, to hunks named on top."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types

from makeitso.protocol.text import Span
from makeitso.review.sections import HUNK_ID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from makeitso.lsp.documents import Document
    from makeitso.lsp.review_view import ReviewView

_NAMED = re.compile(rf"\[({HUNK_ID})\]")
_OUTPUT = re.compile(r"(?:output|text): (\S.*)$")


def review_links(view: ReviewView, document: Document, root: Path) -> list[types.DocumentLink]:
    """Links of a review document of this workspace; only to what is there."""
    return [
        types.DocumentLink(range=document.index.range(span), target=target, tooltip=tooltip)
        for span, target, tooltip in (
            *_above(view, document.uri, root),
            *_files(view, root),
        )
    ]


def _above(view: ReviewView, uri: str, root: Path) -> Iterator[tuple[Span, str, str]]:
    """What the lines above the first file name."""
    heads = {hunk.id: hunk.span.line for file in view.files for hunk in file.hunks}
    for number in range(min(view.head, len(view.lines))):
        line = view.lines[number]
        if not line.startswith("#"):
            continue
        for found in _NAMED.finditer(line):
            if found[1] in heads:
                target = f"{uri}#L{heads[found[1]] + 1}"
                yield _span(number, found.start(1), found.end(1)), target, "Show the hunk"
        output = _OUTPUT.search(line)
        if output is not None:
            path = root / output[1]
            if path.is_file() and path.resolve().is_relative_to(root):
                place = _span(number, output.start(1), output.end(1))
                yield place, path.as_uri(), "Show the whole output"


def _files(view: ReviewView, root: Path) -> Iterator[tuple[Span, str, str]]:
    """The header of a file leads to it, that of a hunk to its place in it."""
    for file in view.files:
        path = root / file.title
        if not path.is_file() or not path.resolve().is_relative_to(root):
            continue
        line = view.lines[file.span.line]
        at = len(line) - len(file.title)
        yield _span(file.span.line, at, len(line)), path.as_uri(), "Show the file"
        for hunk in file.hunks:
            if hunk.section is None:
                continue
            ranges = view.lines[hunk.span.line].find(" @@ ")
            target = f"{path.as_uri()}#L{max(1, hunk.section.new_start)}"
            yield _span(hunk.span.line, 3, ranges), target, "Show the place in the file"


def _span(line: int, column: int, end: int) -> Span:
    return Span(line=line, column=column, end_line=line, end_column=end)
