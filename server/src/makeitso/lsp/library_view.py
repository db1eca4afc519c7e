"""A pattern library, or a proposal of a pattern, as the features see it: problems and entries."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.lsp.proposal_view import file_problems
from makeitso.parsing.entries import Places
from makeitso.parsing.library import load_library
from makeitso.parsing.lint_file import check_text
from makeitso.protocol.proposal import Proposal
from makeitso.protocol.text import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.lsp.positions import Stretch
    from makeitso.parsing.library import Library
    from makeitso.parsing.patterns import Pattern
    from makeitso.protocol.text import Problem

_SURROGATE = re.compile("[\ud800-\udfff]")
_PROPOSAL_KEYS = frozenset(Proposal.model_fields)
SHOWN_EXAMPLES = 5
SHOWN_CHARACTERS = 200
"""So much of one example stands in a hover."""


@dataclass(frozen=True, kw_only=True)
class EntryPlace:
    """A pattern and the lines of its entry."""

    pattern: Pattern
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class LibraryView:
    """What is known about one text of a library."""

    text: str
    problems: tuple[Problem, ...]
    entries: tuple[EntryPlace, ...]
    hits: Mapping[str, int]
    """Records of runs here, by the name of their pattern."""

    @property
    def last(self) -> int:
        """Its last line."""
        return self.text.count("\n")

    def at(self, line: int) -> EntryPlace | None:
        """The entry on a line."""
        return next((one for one in self.entries if one.first <= line <= one.last), None)


def study_library(
    text: str, *, base: Library | None, proposal: str, hits: Mapping[str, int]
) -> LibraryView:
    """Check a text; takes up to some seconds of CPU for a library of hundreds of patterns.

    Args:
        text: the document.
        base: what it is laid over; None: it is the packaged library itself.
        proposal: name of its file, where its pattern stands among the keys of a proposal; or "".
        hits: records by the name of their pattern.
    """
    readable = _SURROGATE.sub("\ufffd", text)
    problems = check_text(
        readable,
        base=base,
        cpu=time.thread_time,
        other_keys=_PROPOSAL_KEYS if proposal else frozenset(),
    )
    if proposal and not any(one.code == "library-syntax" for one in problems):
        problems += file_problems(readable, where=proposal)
    return LibraryView(
        text=text, problems=tuple(problems), entries=tuple(_entries(readable)), hits=hits
    )


def _entries(text: str) -> list[EntryPlace]:
    library, _ = load_library(text)
    lines = text.splitlines()
    places = Places(text)
    heads: list[int] = []
    while (head := places.header(len(heads))) > (heads[-1] if heads else -1):
        heads.append(head)
    found: list[EntryPlace] = []
    for pattern in library.patterns:
        after = next((head for head in heads if head > pattern.line), len(lines))
        last = after - 1
        while last > pattern.line and not lines[last].strip():
            last -= 1  # what parts two entries is of neither
        found.append(EntryPlace(pattern=pattern, first=pattern.line, last=last))
    return found


def library_hover(view: LibraryView, line: int) -> tuple[str, Stretch] | None:
    """What a pattern is for, how often it told something here, and lines it is for."""
    found = view.at(line)
    if found is None:
        return None
    pattern, count = found.pattern, view.hits.get(found.pattern.name, 0)
    times = "No record" if not count else "1 record" if count == 1 else f"{count} records"
    lines = [f"**{pattern.name}**: {pattern.intent}, {pattern.state}"]
    lines += ["", f"{times} of runs here."]
    if pattern.rationale:
        lines += ["", pattern.rationale]
    for title, examples in (
        ("It matches", pattern.examples),
        ("It does not match", pattern.counter_examples),
    ):
        if examples:
            lines += ["", f"{title}:", "```text", *map(_shown, examples[:SHOWN_EXAMPLES]), "```"]
            more = len(examples) - SHOWN_EXAMPLES
            lines += [f"and {more} more"] if more > 0 else []
    return "\n".join(lines), Span(
        line=found.first, column=0, end_line=found.first, end_column=len("[[pattern]]")
    )


def _shown(example: str) -> str:
    text = example if len(example) <= SHOWN_CHARACTERS else f"{example[:SHOWN_CHARACTERS]}…"
    return text.replace("```", "` ` `")
