"""The entries of a library file: found in the text, checked, made into patterns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from makeitso.parsing.linear import LinearRegex, PatternError
from makeitso.parsing.patterns import FIELDS, STATES, Pattern, PatternState
from makeitso.protocol.text import Problem, Span

if TYPE_CHECKING:
    import tomllib
    from collections.abc import Mapping, Sequence

    from makeitso.protocol.words import Severity

_HEADER = re.compile(r"^\s*\[\[\s*pattern\s*\]\]")
_AT_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")
_STRINGS = ("name", "intent", "regex", "since", "rationale", "under", "state")
_LISTS = ("reflags", "examples", "counter_examples")
_KNOWN = {*_STRINGS, *_LISTS, "multiline", "fields", "joins"}


class Places:
    """Finds entries and keys in the text of a library file."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._headers: list[int] = []
        quote = ""
        for number, line in enumerate(self._lines):
            if not quote and _HEADER.match(line):
                self._headers.append(number)
            for mark in re.findall(r'"""|\'\'\'', line):
                quote = "" if quote == mark else (quote or mark)

    def header(self, index: int) -> int:
        """Zero-based line of an entry; 0 where it cannot be told."""
        return self._headers[index] if index < len(self._headers) else 0

    def at(
        self, index: int | None, key: str, code: str, message: str, severity: Severity
    ) -> Problem:
        """A problem at a key of an entry, or at a top-level name."""
        first = 0 if index is None else self.header(index)
        last = len(self._lines)
        if index is not None and index + 1 < len(self._headers):
            last = self._headers[index + 1]
        wanted = re.compile(rf"^[\s\[]*[\"']?{re.escape(key)}[\"']?\s*[=\].]")
        line = next((n for n in range(first, last) if wanted.match(self._lines[n])), first)
        width = len(self._lines[line]) if line < len(self._lines) else 0
        return placed_problem(code, message, severity, line, width)


def placed_problem(code: str, message: str, severity: Severity, line: int, width: int) -> Problem:
    """A problem that spans one line; `line` zero-based, `width` in characters."""
    span = Span(line=line, column=0, end_line=line, end_column=width)
    return Problem(code=code, message=message, severity=severity, span=span)


def toml_problem(text: str, error: tomllib.TOMLDecodeError) -> Problem:
    """A syntax error, at the place the reader names."""
    found = _AT_LINE.search(str(error))
    line = int(found.group(1)) - 1 if found else max(text.count("\n"), 0)
    lines = text.splitlines()
    width = len(lines[line]) if line < len(lines) else 0
    message = f"not valid TOML: {_AT_LINE.sub('', str(error)).strip()}"
    return placed_problem("library-syntax", message, "error", line, width)


def read_entry(
    index: int, entry: object, places: Places, origin: str
) -> tuple[Pattern | None, list[Problem]]:
    """One `[[pattern]]` table as a pattern; None when it cannot be used, with the problems."""
    if not isinstance(entry, dict):
        return None, [places.at(index, "pattern", "library-shape", "not a table", "error")]
    table = cast("Mapping[str, object]", entry)
    problems = [
        places.at(index, key, "pattern-unknown-key", f"unknown key {key!r}", "warning")
        for key in table
        if key not in _KNOWN
    ]
    wrong = [
        places.at(index, key, "pattern-shape", message, "error")
        for key, message in (*_wrong_types(table), *_wrong_values(table))
    ]
    if wrong:
        return None, [*problems, *wrong]
    pattern = _pattern(table, origin=origin, line=places.header(index))
    try:
        regex = LinearRegex(pattern.compiled_source())
    except PatternError as error:
        problems.append(places.at(index, "regex", "pattern-regex", f"refused: {error}", "error"))
        return None, problems
    problems.extend(
        places.at(index, "regex", "pattern-unknown-field", _unknown_field(name), "warning")
        for name in regex.names
        if name not in FIELDS
    )
    return pattern, problems


def _wrong_types(table: Mapping[str, object]) -> list[tuple[str, str]]:
    found = [
        (key, f"`{key}` must be a string")
        for key in _STRINGS
        if not isinstance(table.get(key, ""), str)
    ]
    found.extend(
        (key, f"`{key}` must be a list of strings")
        for key in _LISTS
        if not _is_strings(table.get(key, []))
    )
    if not isinstance(table.get("multiline", False), bool):
        found.append(("multiline", "`multiline` must be true or false"))
    return found


def _wrong_values(table: Mapping[str, object]) -> list[tuple[str, str]]:
    found = [
        (key, f"a pattern needs `{key}`")
        for key in ("name", "intent", "regex")
        if not table.get(key)
    ]
    if table.get("state", "active") not in STATES:
        found.append(("state", f"`state` must be one of {', '.join(STATES)}"))
    if not _is_fields(table.get("fields", {})):
        found.append(("fields", f"`fields` maps names to strings; names: {', '.join(FIELDS)}"))
    if not _is_strings(_one_or_many(table.get("joins", []))):
        found.append(("joins", "`joins` must be a name or a list of names"))
    return found


def _pattern(table: Mapping[str, object], *, origin: str, line: int) -> Pattern:
    return Pattern(
        name=str(table["name"]),
        intent=str(table["intent"]),
        regex=str(table["regex"]),
        multiline=bool(table.get("multiline", False)),
        reflags=_strings(table.get("reflags", [])),
        fields=tuple(cast("Mapping[str, str]", table.get("fields", {})).items()),
        joins=_strings(_one_or_many(table.get("joins", []))),
        under=str(table["under"]) if table.get("under") else None,
        examples=_strings(table.get("examples", [])),
        counter_examples=_strings(table.get("counter_examples", [])),
        state=cast("PatternState", table.get("state", "active")),
        since=str(table.get("since", "")),
        rationale=str(table.get("rationale", "")),
        origin=origin,
        line=line,
    )


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _unknown_field(name: str) -> str:
    return f"group {name!r} is no field of a record; fields are {', '.join(FIELDS)}"


def _is_strings(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, str) for item in cast("list[object]", value)
    )


def _strings(value: object) -> tuple[str, ...]:
    return tuple(cast("Sequence[str]", value))


def _is_fields(value: object) -> bool:
    return isinstance(value, dict) and all(
        key in FIELDS and isinstance(item, str)
        for key, item in cast("Mapping[str, object]", value).items()
    )
