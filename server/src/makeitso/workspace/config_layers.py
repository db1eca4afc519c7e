"""One source of settings after the other: a TOML file, a profile in it, a flag.

A layer holds values whose key exists and whose type is right, each with its place, and the
problems of the rest. What wins over what, and what is allowed, is decided in `config_rules`.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from makeitso.errors import UsageError
from makeitso.workspace import config_keys
from makeitso.workspace.config_entries import (
    NOWHERE,
    ConfigProblem,
    Entry,
    Layer,
    Side,
    Source,
    file_problem,
    syntax_problem,
    unknown_key,
    wrong_value,
)
from makeitso.workspace.config_positions import KeyPath, LineIndex, Place, positions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from makeitso.workspace.config_keys import Names

MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class ConfigFile:
    """A config file as read: its text parsed, with the digest of exactly these bytes.

    Attributes:
        path: the file.
        side: `user` or `workspace`.
        exists: whether there was a file to read.
        digest: SHA-256 of its bytes, hex; empty when there is none.
        tree: the parsed tables; empty when it does not parse.
        places: where each key stands.
        problems: why it was not read or does not parse.
    """

    path: Path
    side: Side
    exists: bool = False
    digest: str = ""
    tree: Mapping[str, object] = field(default_factory=dict[str, object])
    places: Mapping[KeyPath, Place] = field(default_factory=dict[KeyPath, Place])
    problems: tuple[ConfigProblem, ...] = ()

    @property
    def profiles(self) -> Mapping[str, object]:
        """The tables under `[profiles]`."""
        return _table(self.tree.get("profiles"))


def read_file(path: Path, side: Side) -> ConfigFile:
    """Read a config file; never fails, what is wrong becomes a problem."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return ConfigFile(path, side)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        return ConfigFile(
            path, side, exists=True, problems=(file_problem(path, "config-unreadable", reason),)
        )
    return parse_file(path, side, raw)


def parse_file(path: Path, side: Side, raw: bytes) -> ConfigFile:
    """A config file of these bytes, on disk or not yet; what is wrong becomes a problem."""
    digest = hashlib.sha256(raw).hexdigest()
    if len(raw) > MAX_BYTES:
        problem = file_problem(path, "config-unreadable", f"is larger than {MAX_BYTES} bytes")
        return ConfigFile(path, side, exists=True, digest=digest, problems=(problem,))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        span = LineIndex.of(before).span(len(before), len(before))
        problem = file_problem(path, "toml-syntax", "is not UTF-8 here", span)
        return ConfigFile(path, side, exists=True, digest=digest, problems=(problem,))
    try:
        tree: dict[str, object] = tomllib.loads(text)
        places = positions(text)
    except tomllib.TOMLDecodeError as error:
        found = syntax_problem(path, error, text)
        return ConfigFile(path, side, exists=True, digest=digest, problems=(found,))
    except RecursionError:
        found = file_problem(path, "toml-syntax", "is nested too deep")
        return ConfigFile(path, side, exists=True, digest=digest, problems=(found,))
    return ConfigFile(path, side, exists=True, digest=digest, tree=tree, places=places)


def file_layer(file: ConfigFile) -> Layer:
    """The settings of a file outside its profiles."""
    layer = Layer()
    tree = {name: value for name, value in file.tree.items() if name != "profiles"}
    if not isinstance(file.tree.get("profiles", {}), dict):
        place = file.places.get(("profiles",), Place(NOWHERE, NOWHERE))
        layer.problems.append(wrong_value(file.path, ("profiles",), "tables by name", place))
    source = Source("file", side=file.side, path=file.path)
    _fill(layer, tree, source=source, place=file.places.get, prefix=())
    return layer


def profile_layer(file: ConfigFile, name: str) -> Layer:
    """The settings of `[profiles.NAME]` of a file; empty when it has none of that name."""
    layer = Layer()
    source = Source("profile", side=file.side, path=file.path, profile=name)
    _fill(
        layer,
        _table(file.profiles.get(name)),
        source=source,
        place=lambda names: file.places.get(("profiles", name, *names)),
        prefix=("profiles", name),
    )
    return layer


def flag_layer(overrides: tuple[str, ...]) -> Layer:
    """The settings of `-c key=value` flags: TOML values, bare words taken as text.

    Raises:
        UsageError: a flag has no `=`, no key, or a key that is no TOML key.
    """
    layer = Layer()
    source = Source("flag", side="person")
    for flag in overrides:
        key, equals, raw = flag.partition("=")
        names = config_keys.parse_key(key.strip()) if equals else None
        if not names:
            raise UsageError(
                f"-c {flag}: not key=value",
                hint="Write for instance -c manager.approval=manual.",
                data={"flag": flag},
            )
        tree: object = _flag_value(names, raw.strip())
        for name in reversed(names):
            tree = {name: tree}
        _fill(
            layer, cast("dict[str, object]", tree), source=source, place=lambda _: None, prefix=()
        )
    return layer


def _flag_value(names: Names, raw: str) -> object:
    pattern = config_keys.pattern_of(names)
    key = config_keys.keys().get(pattern) if pattern else None
    try:
        value: object = tomllib.loads(f"v = {raw}")["v"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return raw
    if key is not None and isinstance(key.default, str) and not isinstance(value, str):
        return raw  # `-c manager.model=4.1` means the text
    return value


def _fill(
    layer: Layer,
    tree: Mapping[str, object],
    *,
    source: Source,
    place: Callable[[Names], Place | None],
    prefix: Names,
) -> None:
    """Put every right value of a tree into the layer, and a problem for every other."""
    for names, value in _leaves(tree, ()):
        pattern = config_keys.pattern_of(names)
        # An inline or empty table may have no place of its own; the nearest one above it has.
        near = next((p for p in (place(names[:n]) for n in range(len(names), 0, -1)) if p), None)
        here = near or Place(NOWHERE, NOWHERE)
        if pattern is None:
            layer.problems.append(unknown_key(source.path, names, prefix, here))
            continue
        key = config_keys.keys().get(pattern)
        if key is None:
            if not isinstance(value, dict):
                layer.problems.append(wrong_value(source.path, names, "a table", here))
            continue
        try:
            checked = key.check(value)
        except ValueError:
            layer.problems.append(wrong_value(source.path, names, key.expected, here, key, value))
            continue
        at = Source(
            source.kind,
            side=source.side,
            path=source.path,
            line=here.key.line + 1 if source.path else 0,
            profile=source.profile,
        )
        layer.entries[names] = Entry(names, checked, at, here)


def _leaves(tree: Mapping[str, object], path: Names) -> Iterator[tuple[Names, object]]:
    """Values that are no tables of ours; an unknown table is one leaf, reported once."""
    for name, value in tree.items():
        here: Names = (*path, name)
        pattern = config_keys.pattern_of(here)
        if isinstance(value, dict) and pattern is not None and pattern in config_keys.tables():
            yield from _leaves(cast("dict[str, object]", value), here)
        else:
            yield here, value


def _table(value: object) -> Mapping[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
