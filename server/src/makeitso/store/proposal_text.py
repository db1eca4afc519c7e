"""A proposal as the text of its file: what a person reads, edits and may paste into a library."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, cast

import tomlkit
from pydantic import ValidationError

from makeitso.errors import ConfigError
from makeitso.parsing.entries import Places, toml_problem
from makeitso.protocol.proposal import PatternEntry, Proposal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tomlkit.items import Table

HEADER = """\
# A suggested change. You may edit it; `mis learn --check FILE` says what is wrong in it.
# Let it in:   mis approve {id}
# Turn it down: mis approve --deny --because "WHY" {id}
"""
_TABLES = ("before", "after", "support")
_KEYS = tuple(PatternEntry.model_fields)


def proposal_text(proposal: Proposal) -> str:
    """The file's text; `parse_proposal` of it is the proposal again."""
    fields = proposal.model_dump(mode="json", exclude={"pattern", "prompt", "gate", *_TABLES})
    document = tomlkit.document()
    for key, value in fields.items():
        document.add(key, _item(value))
    for key in _TABLES:
        part = getattr(proposal, key)
        if part is not None:
            document.add(key, _table(part.model_dump(mode="json", exclude_none=True)))
    text = HEADER.format(id=proposal.id) + "\n" + tomlkit.dumps(document)
    for finding in proposal.gate:
        text += "\n[[gate]]\n" + tomlkit.dumps(_table(finding.model_dump(mode="json")))
    if proposal.prompt is not None:
        text += "\n[prompt]\n" + tomlkit.dumps(_table(proposal.prompt.model_dump(mode="json")))
    if proposal.pattern is not None:
        text += "\n" + entry_text(proposal.pattern)
    return text


def entry_text(entry: PatternEntry) -> str:
    """The `[[pattern]]` table of an entry, as it stands in a library."""
    return "[[pattern]]\n" + tomlkit.dumps(entry_table(entry))


def entry_table(entry: PatternEntry) -> Table:
    """The keys of an entry that say something."""
    fields = entry.model_dump(mode="json", exclude_defaults=True)
    return _table({key: fields[key] for key in _KEYS if key in fields})


def parse_proposal(text: str, *, where: str) -> Proposal:
    """The proposal of a file's text.

    Args:
        text: the file.
        where: the file's name, for errors.

    Raises:
        ConfigError: it is no proposal; `data` says where.
    """
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = toml_problem(text, error)
        raise _refused(where, found.span.line, found.message) from error
    except RecursionError as error:
        raise _refused(where, 0, "nested too deeply") from error
    places = Places(text)
    patterns = data.pop("pattern", None)
    if patterns is not None:
        if not isinstance(patterns, list) or len(cast("list[object]", patterns)) != 1:
            at = places.at(None, "pattern", "", "", "error").span.line
            raise _refused(where, at, "exactly one [[pattern]] belongs in a proposal")
        data["pattern"] = patterns[0]
    try:
        return Proposal.model_validate(data)
    except ValidationError as error:
        wrong = error.errors()[0]
        names = [str(part) for part in wrong["loc"]]
        in_pattern = names[:1] == ["pattern"]
        key = names[1] if in_pattern and len(names) > 1 else (names or [""])[0]
        at = places.at(0 if in_pattern else None, key, "", "", "error").span.line
        message = f"{'.'.join(names)}: {wrong['msg']}" if names else wrong["msg"]
        raise _refused(where, at, message) from error


def _table(fields: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    for key, value in fields.items():
        table.add(key, _item(value))
    return table


def _item(value: Any) -> Any:  # noqa: ANN401 -- any TOML value
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        found = cast("list[object]", value)
        array: Any = tomlkit.array()
        array.extend([_item(item) for item in found])
        return array.multiline(len(found) > 1)
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for key, item in cast("dict[str, object]", value).items():
            table.append(key, _item(item))
        return table
    return value


def _string(value: str) -> Any:  # noqa: ANN401 -- tomlkit's item
    controls = any(ord(c) < 0x20 or ord(c) == 0x7F for c in value)
    if "\n" in value and not any(c < " " and c not in "\n\t" for c in value):
        return tomlkit.string(value, multiline=True)
    if "\\" in value and "'" not in value and not controls:
        return tomlkit.string(value, literal=True)
    return tomlkit.string(value)


def _refused(where: str, line: int, message: str) -> ConfigError:
    return ConfigError(
        f"{where}:{line + 1}: {message}",
        hint=f"Put it right, or remove it; `mis learn --check {where}` says all that is wrong.",
        data={"path": where, "line": line + 1},
    )
