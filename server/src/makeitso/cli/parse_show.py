"""What `mis parse` shows: a JSON object a line for scripts, grouped lines for people."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from typing import TYPE_CHECKING

from makeitso.parsing.misses import skeleton
from makeitso.parsing.patterns import FIELDS
from makeitso.protocol.record import Miss, Record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.cli.console import Console
    from makeitso.parsing.stream import LineCounts

SHAPES = 2000
"""Shapes of misses told apart in one file; later ones are only counted, so memory is bounded."""
SHOWN_SHAPES = 10
TEXT_CHARACTERS = 160
_STYLES = {
    "error": "red", "fatal": "red", "failed": "red", "fail": "red", "e": "red", "f": "red",
    "warning": "yellow", "warn": "yellow", "w": "yellow",
    "passed": "green", "pass": "green", "ok": "green",
}  # fmt: skip


def row(item: Record | Miss, *, file: str) -> dict[str, object]:
    """A record or miss as one object; `line` counts the lines of the log from 1."""
    if isinstance(item, Miss):
        fields: dict[str, object] = {"reason": item.reason, "text": item.text}
        if item.detail:
            fields["detail"] = item.detail
        return {
            "kind": "miss", "file": file, "pattern": None, "line": item.stream_line,
            "fields": fields,
        }  # fmt: skip
    named = ((name, item.json_ if name == "json" else getattr(item, name)) for name in FIELDS)
    return {
        "kind": "record", "file": file, "pattern": item.pattern, "intent": item.intent,
        "line": item.stream_line, "fields": {k: v for k, v in named if v is not None},
    }  # fmt: skip


class JsonLines:
    """Writes rows to stdout; what one piece of the log said is written at once."""

    def __init__(self, file: str) -> None:
        self._file = file

    def show(self, items: Iterable[Record | Miss]) -> None:
        """Write these."""
        text = "".join(_line(row(item, file=self._file)) for item in items)
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()

    def end(self, lines: LineCounts) -> None:
        """Nothing more: each row stands for itself."""


class Lines:
    """Shows the records of one file line by line, then what was not understood, folded."""

    def __init__(self, console: Console, file: str) -> None:
        self._console, self._file = console, file
        self._records: Counter[str] = Counter()
        self._misses: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], Miss] = {}
        self._further = 0
        console.say(os.fsencode(file).decode("utf-8", "replace"), style="bold")

    def show(self, items: Iterable[Record | Miss]) -> None:
        """Show the records of these, and keep the misses for the end."""
        for item in items:
            if isinstance(item, Record):
                self._records[item.intent] += 1
                self._record(item)
            else:
                self._miss(item)

    def end(self, lines: LineCounts) -> None:
        """Say what nothing explained, the most frequent first, and the counts."""
        say = self._console.say
        if self._misses:
            say("  not understood", style="bold")
        for key, count in self._misses.most_common(SHOWN_SHAPES):
            miss = self._first[key]
            why = "" if miss.reason == "unexplained" else f" ({miss.reason})"
            text = _short(miss.text.strip())
            say(f"  {count:>6,} x  {text}{why}, first in line {miss.stream_line}", style="dim")
        left = len(self._misses) - SHOWN_SHAPES
        if left > 0 or self._further:
            more = sum(c for _, c in self._misses.most_common()[SHOWN_SHAPES:]) + self._further
            say(f"  {more:>6,}    of other shapes; --json gives each", style="dim")
        found = ", ".join(f"{n:,} {intent}" for intent, n in self._records.most_common())
        say(f"  records: {found or 'none'}")
        known = lines.explained_lines * 100 / lines.lines if lines.lines else 100.0
        say(f"  lines: {lines.lines:,}, understood: {lines.explained_lines:,} ({known:.1f} %)")

    def _record(self, record: Record) -> None:
        place = ":".join(str(p) for p in (record.path, record.line, record.column) if p is not None)
        code = f"[{record.code}]" if record.code else ""
        word = record.severity or record.event or record.intent
        told = record.message or record.artifact or ""
        text = "  ".join(part for part in (place, _short(told), code) if part)
        if not text and record.json_ is not None:
            text = _short(json.dumps(record.json_, ensure_ascii=True))
        style = _STYLES.get((record.severity or "").lower())
        self._console.say(
            f"  {record.stream_line:>6}  {word:<9} {text}  ({record.pattern})", style=style
        )

    def _miss(self, miss: Miss) -> None:
        key = (miss.reason, skeleton(miss.text))
        if key not in self._first:
            if len(self._first) >= SHAPES:
                self._further += miss.count
                return
            self._first[key] = miss
        self._misses[key] += miss.count


def _line(value: dict[str, object]) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # the name of a file that is not UTF-8
        text = json.dumps(value)
    return text + "\n"


def _short(text: str) -> str:
    return text if len(text) <= TEXT_CHARACTERS else text[: TEXT_CHARACTERS - 3] + "..."
