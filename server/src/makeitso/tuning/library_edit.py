"""An entry put into a library file, or taken out of it; every other byte stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError

from makeitso.errors import ConfigError
from makeitso.parsing.library import load_library
from makeitso.store.proposal_text import entry_table, entry_text

if TYPE_CHECKING:
    from makeitso.protocol.proposal import PatternEntry

HEADER = """\
# Patterns of this workspace, laid over the packaged ones: an entry with a known name takes its
# place. `mis learn --check` reads this file, `mis learn` adds to it what you let in.
"""


def with_entry(text: str, entry: PatternEntry, *, where: str) -> str:
    """The library with an entry: in the place of the one of its name, else at the end.

    Args:
        text: the library; empty: a new one is begun.
        entry: the pattern.
        where: the library's name, for errors.

    Raises:
        ConfigError: the library cannot be read, or not be changed safely.
    """
    patterns = _patterns(text, where)
    index = _index(patterns, entry.name)
    if index is None:
        begun = text or HEADER
        gap = "" if begun.endswith("\n") else "\n"
        new = begun + gap + "\n" + entry_text(entry).replace("\n", _newline(begun))
    else:
        document, array = _parsed(text, where)
        _set(array[index], entry)
        new = tomlkit.dumps(document)
    _prove(new, where, present=entry)
    return new


def without_entry(text: str, name: str, *, before: str, where: str) -> str:
    """The library without what an entry of that name put in.

    Args:
        text: the library.
        name: the pattern's name; a library that has none comes back as it is.
        before: the library as it was before; its own entry of that name stands again.
        where: the library's name, for errors.

    Raises:
        ConfigError: the library cannot be read, or not be changed safely.
    """
    index = _index(_patterns(text, where), name)
    if index is None:
        return text
    document, array = _parsed(text, where)
    old_index = _index(_patterns(before, where), name) if before else None
    if old_index is None:
        del array[index]
    else:
        old = _parsed(before, where)[1][old_index]
        _replace_keys(array[index], {key: old[key] for key in old})
    new = tomlkit.dumps(document)
    _prove(new, where, absent="" if old_index is not None else name)
    return new


def has_entry(text: str, entry: PatternEntry, *, where: str) -> bool:
    """Whether the library has just this entry.

    Raises:
        ConfigError: the library cannot be read.
    """
    patterns = _patterns(text, where)
    index = _index(patterns, entry.name)
    return index is not None and patterns[index] == entry_table(entry).unwrap()


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _set(table: Any, entry: PatternEntry) -> None:  # noqa: ANN401 -- tomlkit's types
    _replace_keys(table, cast("dict[str, Any]", entry_table(entry)))


def _replace_keys(table: Any, fields: dict[str, Any]) -> None:  # noqa: ANN401 -- tomlkit's types
    for key in [key for key in table if key not in fields]:
        del table[key]
    for key, value in fields.items():
        if key not in table or table[key] != value:
            table[key] = value


def _parsed(text: str, where: str) -> tuple[tomlkit.TOMLDocument, Any]:
    document = _document(text, where)
    return document, cast("Any", document).get("pattern", [])


def _document(text: str, where: str) -> tomlkit.TOMLDocument:
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigError(
            f"{where} is not valid TOML: {error}", hint="Put it right first; it was not changed."
        ) from error
    if tomlkit.dumps(document) != text:
        raise _unsafe(where)
    return document


def _patterns(text: str, where: str) -> list[dict[str, Any]]:
    found: object = _document(text, where).unwrap().get("pattern", [])
    if not isinstance(found, list):
        raise _unsafe(where)
    return [cast("dict[str, Any]", one) for one in cast("list[object]", found)]


def _index(patterns: list[dict[str, Any]], name: str) -> int | None:
    return next((n for n, one in enumerate(patterns) if one.get("name") == name), None)


def _prove(text: str, where: str, *, present: PatternEntry | None = None, absent: str = "") -> None:
    """What is about to be written must say what was meant."""
    library, problems = load_library(text)
    broken = any(problem.severity == "error" for problem in problems)
    lacks = present is not None and library.named(present.name) is None
    if lacks or (present is None and not broken and absent and library.named(absent) is not None):
        reason = next((p.message for p in problems if p.severity == "error"), "")
        raise _unsafe(where, reason)


def _unsafe(where: str, reason: str = "") -> ConfigError:
    return ConfigError(
        f"{where} cannot be changed safely{': ' if reason else ''}{reason}",
        hint="Write each pattern as a [[pattern]] of its own; the file was not changed.",
    )
