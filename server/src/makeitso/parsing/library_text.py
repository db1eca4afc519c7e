"""A library as the text of a file: what was laid over each other, and what acts of it, in one.

Loaded again it reads every line as the library did; where an entry came from is not kept.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from makeitso.parsing.library import Library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makeitso.parsing.patterns import Pattern


def acting(library: Library) -> Library:
    """The patterns that make records; those on trial and those switched off change no reading."""
    return Library(tuple(p for p in library.patterns if p.state == "active"))


def library_text(library: Library) -> str:
    """The library as TOML."""
    return "\n".join("\n".join(("[[pattern]]", *_entry(p), "")) for p in library.patterns)


def _entry(pattern: Pattern) -> Iterator[str]:
    strings = {
        "name": pattern.name,
        "intent": pattern.intent,
        "regex": pattern.regex,
        "under": pattern.under or "",
        "since": pattern.since,
        "rationale": pattern.rationale,
        "state": "" if pattern.state == "active" else pattern.state,
    }
    lists = {
        "reflags": pattern.reflags,
        "joins": pattern.joins,
        "examples": pattern.examples,
        "counter_examples": pattern.counter_examples,
    }
    yield from (f"{key} = {_string(value)}" for key, value in strings.items() if value)
    if pattern.multiline:
        yield "multiline = true"
    yield from (
        f"{key} = [{', '.join(map(_string, value))}]" for key, value in lists.items() if value
    )
    if pattern.fields:
        given = ", ".join(f"{key} = {_string(value)}" for key, value in pattern.fields)
        yield f"fields = {{ {given} }}"


def _string(text: str) -> str:
    """A basic string of TOML: JSON's, but that DEL is a control character there."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
