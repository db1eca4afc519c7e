"""The text of a fresh `config.toml`: every key explained, every default a comment."""

from __future__ import annotations

import textwrap
from typing import cast

import tomlkit

from makeitso.workspace import config_keys
from makeitso.workspace.config_keys import Key, Names, Table, dotted

_WIDTH = 96

_HEAD = """\
# Settings of makeitso for this workspace. Each key stands here with its default, as a comment:
# take the `#` away to set it. They are laid over your own file (`mis profile show` names it and
# says where each value comes from); of policies, approval and budget the stricter one holds.
#
# Keys marked (trust) count only once you have agreed to this file with `mis trust`.
"""

_TAIL = """
# A profile is the same tables under a name, laid over all of the above by `--profile careful`:
#
# [profiles.careful.manager]
# approval = "manual"
"""


def config_template() -> str:
    """The text, generated from the model; loading it changes nothing and finds no problem."""
    parts = [_HEAD]
    for path, table in config_keys.tables().items():
        if not path or not table.names:
            continue
        own = [key for key in config_keys.keys().values() if key.path[:-1] == path]
        if own:
            parts.append(_table(table, own))
    parts.append(_TAIL)
    return "".join(parts)


def _table(table: Table, own: list[Key]) -> str:
    name = "*" in table.path
    header = f"[{_named(table.path)}]"
    lines = ["", *_comment(table.description), f"# {header}" if name else header]
    for key in own:
        lines += [*_comment(_about(key)), f"# {key.path[-1]} = {toml_value(key.default)}"]
    return "\n".join(lines) + "\n"


def _named(path: Names) -> str:
    return ".".join("NAME" if name == "*" else dotted((name,)) for name in path)


def _about(key: Key) -> str:
    table = config_keys.tables()[key.path[:-1]]
    notes: list[str] = []
    if key.rights:
        notes.append("(trust)")
    if key.not_yet == "any" or table.not_yet:
        notes.append("(not in this version)")
    elif key.not_yet and key.path != ("telemetry", "redact"):
        words = ", ".join(toml_value(value) for value in key.not_yet)
        notes.append(f"(not in this version: {words})")
    unsaid = [word for word in key.choices if word not in key.description]
    choices = [f"One of {', '.join(toml_value(word) for word in key.choices)}."] if unsaid else []
    return " ".join([key.description, *choices, *notes])


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="#   ")


def toml_value(value: object) -> str:
    """A value as TOML text, long whole numbers grouped."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10_000:
        return f"{value:_}"
    if isinstance(value, tuple):
        return f"[{', '.join(toml_value(item) for item in cast('tuple[object, ...]', value))}]"
    return tomlkit.item(value).as_string()
