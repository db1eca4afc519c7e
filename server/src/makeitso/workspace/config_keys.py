"""The table of every config key, read off the model: type, default, meaning, rights, not yet.

A key is a path of names, `("manager", "approval")`. Tables that hold entries of any name
(`[repos.NAME]`) stand in the table with `*` in that place.
"""

from __future__ import annotations

import difflib
import operator
import re
import tomllib
import types
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast, get_args, get_origin

import annotated_types
from pydantic import TypeAdapter, ValidationError

from makeitso.protocol.config import Config, Section

if TYPE_CHECKING:
    from collections.abc import Mapping

Names = tuple[str, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


@dataclass(frozen=True)
class Key:
    """One key of the file.

    Attributes:
        path: its names; `*` for an entry of any name.
        default: the value when nothing sets it.
        description: what it means, one sentence.
        rights: it can raise rights, name a program or send data elsewhere.
        not_yet: values this version refuses; `"any"`: every value but the default.
        expected: what a right value is, in words.
        choices: the words it may be, for a closed vocabulary.
        annotation: its type.
        metadata: what bounds it.
    """

    path: Names
    default: object
    description: str
    rights: bool
    not_yet: tuple[object, ...] | Literal["any"]
    expected: str
    choices: tuple[str, ...]
    annotation: Any
    metadata: tuple[Any, ...]

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        # Subscribed at run time: the checker takes `Annotated[...]` for a type expression.
        form: Any = operator.getitem(
            cast("Any", Annotated), (self.annotation, *(self.metadata or (None,)))
        )
        return TypeAdapter(form)

    def refuses(self, value: object) -> bool:
        """Whether this version does not do that value yet."""
        if self.not_yet == "any":
            return value != self.default
        # True == 1 in Python, but no key mixes the two: the type was checked before.
        return value in self.not_yet

    def check(self, value: object) -> object:
        """The value in the model's type.

        Raises:
            ValueError: it does not fit; `expected` says what would.
        """
        plain = tuple(cast("list[object]", value)) if isinstance(value, list) else value
        try:
            return self._adapter.validate_python(plain, strict=True)
        except ValidationError as error:
            raise ValueError(self.expected) from error


@dataclass(frozen=True)
class Table:
    """A table of the file and the names that may stand in it; no names: any."""

    path: Names
    description: str
    names: tuple[str, ...]
    not_yet: bool


@cache
def keys() -> Mapping[Names, Key]:
    """Every key by its path, in the order of the file."""
    return types.MappingProxyType({key.path: key for key in _walk_keys(Config, ())})


@cache
def tables() -> Mapping[Names, Table]:
    """Every table by its path, the file itself as `()`."""
    return types.MappingProxyType({table.path: table for table in _walk_tables()})


def dotted(path: Names) -> str:
    """A path as a person writes it: `repos."my.lib".path`."""
    return ".".join(name if _BARE.match(name) else f'"{name}"' for name in path)


def parse_key(text: str) -> Names | None:
    """The names of a dotted key as TOML reads it, quotes and all; None when it is no key."""
    try:
        tree: object = tomllib.loads(f"{text} = 0")
    except tomllib.TOMLDecodeError:
        return None
    names: Names = ()
    while isinstance(tree, dict):
        table = cast("dict[str, object]", tree)
        if len(table) != 1:
            return None
        name, tree = next(iter(table.items()))
        names = (*names, name)
    return names


def pattern_of(path: Names) -> Names | None:
    """The path in the tables that a path of a file belongs to; None when nothing is there."""
    pattern: Names = ()
    for name in path:
        table = tables().get(pattern)
        if table is None:
            return None
        if not table.names:
            pattern = (*pattern, "*")
        elif name in table.names:
            pattern = (*pattern, name)
        else:
            return None
    return pattern


def did_you_mean(path: Names) -> str | None:
    """A key or table near to one that does not exist, in full; None when nothing is near."""
    parent = pattern_of(path[:-1])
    siblings = tables()[parent].names if parent in tables() and parent is not None else ()
    near = difflib.get_close_matches(path[-1], siblings, n=1, cutoff=0.7)
    if near:
        return dotted((*path[:-1], near[0]))
    elsewhere = [key for key in keys() if key[-1] == path[-1] and "*" not in key]
    return dotted(elsewhere[0]) if elsewhere else None


def _fields(section: type[Section]) -> list[tuple[str, Any, dict[str, Any]]]:
    found: list[tuple[str, Any, dict[str, Any]]] = []
    for name, info in section.model_fields.items():
        extra = cast("dict[str, Any] | None", info.json_schema_extra)
        found.append((info.alias or name, info, extra or {}))
    return found


def _inner(annotation: object) -> tuple[type[Section] | None, bool]:
    """The section a field holds, and whether it holds many by name."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation, False
    if get_origin(annotation) is dict:
        inner = get_args(annotation)[1]
        if isinstance(inner, type) and issubclass(inner, Section):
            return inner, True
    return None, False


def _walk_keys(section: type[Section], path: Names) -> list[Key]:
    found: list[Key] = []
    for name, info, extra in _fields(section):
        inner, many = _inner(info.annotation)
        here: Names = (*path, name)
        if inner is not None:
            found.extend(_walk_keys(inner, (*here, "*") if many else here))
            continue
        not_yet: object = extra.get("not_yet", ())
        found.append(
            Key(
                path=here,
                default=info.get_default(call_default_factory=True),
                description=info.description or "",
                rights=bool(extra.get("rights", False)),
                not_yet="any" if not_yet == "any" else tuple(cast("list[object]", not_yet)),
                expected=_expected(info.annotation, info.metadata, info.description or ""),
                choices=_choices(info.annotation),
                annotation=info.annotation,
                metadata=tuple(info.metadata),
            )
        )
    return found


def _walk_tables(
    section: type[Section] = Config,
    path: Names = (),
    description: str = "",
    *,
    not_yet: bool = False,
) -> list[Table]:
    fields = _fields(section)
    found = [Table(path, description, tuple(name for name, _, _ in fields), not_yet)]
    for name, info, extra in fields:
        inner, many = _inner(info.annotation)
        if inner is None:
            continue
        here: Names = (*path, name)
        refused = extra.get("not_yet") == "any"
        about = info.description or ""
        if many:
            found.append(Table(here, about, (), refused))
            here = (*here, "*")
        found.extend(_walk_tables(inner, here, about, not_yet=refused))
    return found


def _choices(annotation: object) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return tuple(str(choice) for choice in get_args(annotation))
    return ()


def _expected(annotation: object, metadata: list[Any], description: str) -> str:
    choices = _choices(annotation)
    if choices:
        return "one of " + ", ".join(f'"{choice}"' for choice in choices)
    if annotation is bool:
        return "true or false"
    if annotation is int:
        return "a whole number" + _limits(metadata)
    if annotation is float:
        return "a number" + _limits(metadata)
    if annotation is str:
        patterned = any(getattr(item, "pattern", None) for item in metadata)
        return description.partition(" (")[0] if patterned else "a string"
    return "an array of strings"


def _limits(metadata: list[Any]) -> str:
    words: list[str] = []
    for item in metadata:
        match item:
            case annotated_types.Ge(ge=low):
                words.append(f"at least {low}")
            case annotated_types.Gt(gt=low):
                words.append(f"more than {low}")
            case annotated_types.Le(le=high):
                words.append(f"at most {high}")
            case _:
                pass
    return ", " + " and ".join(words) if words else ""
