"""Change one value of a config file and leave every other byte, comments above all, as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError

from makeitso.errors import ConfigError
from makeitso.workspace import config_keys
from makeitso.workspace.atomic import replace_file
from makeitso.workspace.paths import private_dir

if TYPE_CHECKING:
    from pathlib import Path


def set_value(path: Path, key: str, value: object) -> None:
    """Set a dotted key in a config file, which is made when it is missing.

    Args:
        path: the file.
        key: an existing key, as `manager.approval`.
        value: a plain value of its type.

    Raises:
        ConfigError: no such key, a value of the wrong type, or a file that does not parse.
        StoreError: the file cannot be written.
    """
    names = config_keys.parse_key(key) or (key,)
    pattern = config_keys.pattern_of(names)
    known = config_keys.keys().get(pattern) if pattern else None
    if known is None:
        near = config_keys.did_you_mean(names)
        raise ConfigError(
            f"no config key {key}",
            hint=f"Did you mean {near}?" if near else "`mis profile show` lists every key.",
            data={"key": key},
        )
    try:
        known.check(value)
    except ValueError as error:
        raise ConfigError(
            f"{key}: expected {known.expected}", hint="Give such a value.", data={"key": key}
        ) from error
    try:
        document = tomlkit.parse(path.read_bytes())
    except FileNotFoundError:
        document = tomlkit.document()
    except (TOMLKitError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(
            f"{path}: {error}",
            hint="Put the file right first; it was not changed.",
            data={"path": str(path)},
        ) from error
    table: Any = document
    for name in names[:-1]:
        if name not in table:
            table[name] = tomlkit.table()
        table = table[name]
        if not hasattr(table, "items"):
            raise ConfigError(
                f"{path}: {name} is not a table",
                hint="Put the file right first; it was not changed.",
                data={"path": str(path), "key": key},
            )
    plain = list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value
    table[names[-1]] = plain
    private_dir(path.parent)
    replace_file(path, tomlkit.dumps(document).encode())
