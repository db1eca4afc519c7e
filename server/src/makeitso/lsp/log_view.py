"""A log as the features see it: lines that nothing explains, grouped and counted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lsprotocol import types

from makeitso.learning.masks import skeleton
from makeitso.learning.misses import kind_of, known_templates, near_pattern
from makeitso.lsp.actions import MISS, Action
from makeitso.parsing.stream import StreamParser
from makeitso.protocol.record import Miss
from makeitso.protocol.text import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.learning.misses import MissKind, Near
    from makeitso.lsp.positions import TextIndex
    from makeitso.parsing.library import Library
    from makeitso.protocol.plan import Delimiters
    from makeitso.protocol.record import StreamChannel

READ_BYTES = 2 << 20
"""So much of a log is looked at: an editor shows no more of it at once, and people wait for it."""
MOST_GROUPS = 200
"""Groups with a diagnostic, those that come first; beyond, a list of problems helps nobody."""
MOST_ACTIONS = 20
"""Groups a selection offers to propose for."""
SHOWN_CHARACTERS = 200
PIECE_BYTES = 64 << 10
_PROPOSABLE = frozenset({"new", "drifted"})
_SAID: Mapping[MissKind, str] = {
    "new": "No pattern knows this line",
    "drifted": "Almost a line that a pattern knows",
    "noise": "No pattern knows this line, and it has no words",
    "truncated": "This was cut, so that no pattern can know it",
    "spoofed": "A control token that the run did not hand out",
}


@dataclass(frozen=True, kw_only=True)
class MissLines:
    """Lines of one kind and shape that nothing explains."""

    kind: MissKind
    text: str
    """The first of them, cleaned."""
    lines: tuple[int, ...]
    """Zero-based, in order."""
    near: Near | None = None
    detail: str = ""

    @property
    def proposable(self) -> bool:
        """Whether a pattern could be written for them."""
        return self.kind in _PROPOSABLE


@dataclass(frozen=True)
class LogView:
    """What is known about one text of a log."""

    text: str
    groups: tuple[MissLines, ...]
    run: str
    """The run whose output it is; empty: not known."""
    cut: bool = False
    """It is longer than what was looked at."""

    @cached_property
    def by_line(self) -> Mapping[int, MissLines]:
        """The group of each line that has one."""
        return {line: group for group in self.groups for line in group.lines}


def study_log(
    text: str,
    *,
    library: Library,
    delimiters: Delimiters,
    channel: StreamChannel,
    run: str = "",
) -> LogView:
    """Read a log as a run would read it now.

    Args:
        text: the document.
        library: the patterns.
        delimiters: base control tokens.
        channel: which stream it holds.
        run: whose output it is; then tokens count nowhere in it, for commands put it out. Empty: a
            log from elsewhere, in which bare tokens count.
    """
    data = text.encode("utf-8", "surrogatepass")
    cut = len(data) > READ_BYTES
    if cut:
        data = data[: data.rfind(b"\n", 0, READ_BYTES) + 1 or READ_BYTES]
    parser = StreamParser(channel, library, delimiters=delimiters, own_words=False if run else None)
    misses: list[Miss] = []
    for begin in range(0, len(data), PIECE_BYTES):
        found = parser.feed(data[begin : begin + PIECE_BYTES])
        misses += [one for one in found if isinstance(one, Miss)]
    misses += [one for one in parser.close() if isinstance(one, Miss)]
    return LogView(text, tuple(_grouped(misses, library)), run, cut)


def _grouped(misses: list[Miss], library: Library) -> list[MissLines]:
    lines: defaultdict[tuple[MissKind, tuple[str, ...]], list[int]] = defaultdict(list)
    first: dict[tuple[MissKind, tuple[str, ...]], Miss] = {}
    for miss in misses:
        kind = kind_of(miss.text, reason=miss.reason)
        key = (kind, ("",) if kind == "noise" else skeleton(miss.text))
        first.setdefault(key, miss)
        lines[key].append(miss.stream_line - 1)
    known = known_templates(library)
    found: list[MissLines] = []
    for key in sorted(first, key=lambda key: lines[key][0]):
        kind, miss = key[0], first[key]
        near = None
        if kind == "new" and len(found) < MOST_GROUPS:
            near = near_pattern(miss.text, known)
        found.append(
            MissLines(
                kind="drifted" if near is not None else kind,
                text=miss.text,
                lines=tuple(lines[key]),
                near=near,
                detail=miss.detail,
            )
        )
    return found


def log_diagnostics(view: LogView, index: TextIndex) -> list[types.Diagnostic]:
    """One hint a group, at its first line, with how many there are."""
    found = [_diagnostic(group, index) for group in view.groups[:MOST_GROUPS]]
    more = len(view.groups) - MOST_GROUPS
    unsaid = [f"{more} further kinds of lines that nothing explains"] if more > 0 else []
    unsaid += [f"what stands behind its first {READ_BYTES >> 20} MiB"] if view.cut else []
    if unsaid:
        message = f"Not shown: {'; '.join(unsaid)}. `mis parse` reads all of it."
        found.append(_hint(_line(0, index), index, "log-cut", message))
    return found


def _diagnostic(group: MissLines, index: TextIndex) -> types.Diagnostic:
    said = _SAID[group.kind]
    if group.near is not None:
        said = f"Almost a line of {group.near.pattern}: {group.near.why}"
    elif group.detail and group.kind in ("truncated", "spoofed"):
        said = f"{said}: {group.detail}"
    count = len(group.lines)
    also = f" {count} such lines." if count > 1 else ""
    code = f"miss-{group.kind}"
    return _hint(_line(group.lines[0], index), index, code, f"{said}.{also}")


def log_actions(view: LogView, *, first: int, last: int) -> list[Action]:
    """A pattern can be proposed for what stands on these lines; once for a group."""
    seen: dict[int, Action] = {}
    for line in range(first, min(last, len(view.text)) + 1):
        group = view.by_line.get(line)
        if group is None or not group.proposable or id(group) in seen:
            continue
        if len(seen) == MOST_ACTIONS:
            break
        count = len(group.lines)
        title = "Propose a pattern" + (f" for {count} lines like this" if count > 1 else "")
        seen[id(group)] = Action(
            title=title if len(seen) == 0 else f"{title} ({group.text[:40]})",
            command="mis.learn.propose",
            params={"text": group.text, "run": view.run},
            span=Span(line=line, column=0, end_line=line, end_column=0),
            first=first,
            last=last,
            answers=f"{MISS}{group.lines[0]}",
        )
    return list(seen.values())


def log_hover(view: LogView, line: int) -> tuple[str, Span] | None:
    """Why nothing explains a line, and how many are like it."""
    group = view.by_line.get(line)
    if group is None:
        return None
    count = len(group.lines)
    said = [f"**{_SAID[group.kind]}** ({count} {'line' if count == 1 else 'lines'} here)"]
    if group.near is not None:
        example = group.near.example[:SHOWN_CHARACTERS].replace("`", "'")
        said += ["", f"Near to `{group.near.pattern}`: {group.near.why}", "", f"`{example}`"]
    return "\n".join(said), Span(line=line, column=0, end_line=line, end_column=0)


def _line(line: int, index: TextIndex) -> Span:
    return Span(line=line, column=0, end_line=line, end_column=index.columns(line))


def _hint(span: Span, index: TextIndex, code: str, message: str) -> types.Diagnostic:
    return types.Diagnostic(
        range=index.range(span),
        message=message,
        severity=types.DiagnosticSeverity.Hint,
        code=code,
        source="makeitso",
    )
