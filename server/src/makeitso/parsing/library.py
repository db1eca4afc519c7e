"""The pattern library: `regexes.toml` read into patterns, with every problem placed in the file.

A damaged entry costs that entry and a problem, never the library. A workspace's library is laid
over the packaged one: an entry with a known name takes its place, new entries come first.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from makeitso.parsing.entries import Places, placed_problem, read_entry, toml_problem

if TYPE_CHECKING:
    from makeitso.parsing.patterns import Pattern, PatternState
    from makeitso.protocol.text import Problem


@dataclass(frozen=True, slots=True)
class Library:
    """Patterns in order of preference: the first that matches a line names its record."""

    patterns: tuple[Pattern, ...] = ()

    def digest(self) -> str:
        """SHA-256 in hex over what decides matching: order, expressions, flags, states."""
        total = hashlib.sha256()
        for p in self.patterns:
            parts = (
                p.name,
                p.intent,
                p.regex,
                str(p.multiline),
                *p.reflags,
                p.state,
                p.under or "",
            )
            extra = (*p.joins, *(f"{key}={value}" for key, value in p.fields))
            for part in (*parts, *extra, ""):
                total.update(part.encode("utf-8", "surrogatepass") + b"\0")
        return total.hexdigest()

    def named(self, name: str) -> Pattern | None:
        """The pattern of that name."""
        return next((p for p in self.patterns if p.name == name), None)


def load_library(text: str, *, origin: str = "regexes.toml") -> tuple[Library, list[Problem]]:
    """Read a library file; what is wrong is left out and becomes a problem.

    Args:
        text: the file's text.
        origin: where it came from, kept in each pattern.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Library(), [toml_problem(text, error)]
    except RecursionError:
        return Library(), [placed_problem("library-syntax", "nested too deeply", "error", 0, 0)]
    places = Places(text)
    problems: list[Problem] = []
    problems.extend(
        places.at(None, key, "library-unknown-key", f"unknown table or key {key!r}", "warning")
        for key in data
        if key != "pattern"
    )
    entries = data.get("pattern", [])
    if not isinstance(entries, list):
        message = "`pattern` must be a list of tables: write [[pattern]]"
        return Library(), [*problems, places.at(None, "pattern", "library-shape", message, "error")]
    seen: dict[str, Pattern] = {}
    for index, entry in enumerate(cast("list[object]", entries)):
        pattern, found = read_entry(index, entry, places, origin)
        problems.extend(found)
        if pattern is None:
            continue
        if pattern.name in seen:
            message = f"a second pattern named {pattern.name!r}; the first one counts"
            problems.append(places.at(index, "name", "pattern-duplicate", message, "error"))
            continue
        seen[pattern.name] = pattern
    return Library(tuple(seen.values())), problems


def overlay(base: Library, workspace: Library) -> Library:
    """The base library with a workspace's entries in it."""
    replacing = {p.name: p for p in workspace.patterns}
    known = {p.name for p in base.patterns}
    new = tuple(p for p in workspace.patterns if p.name not in known)
    return Library((*new, *(replacing.get(p.name, p) for p in base.patterns)))


def with_state(library: Library, name: str, state: PatternState) -> Library:
    """The library with one pattern's state changed."""
    return Library(
        tuple(replace(p, state=state) if p.name == name else p for p in library.patterns)
    )
