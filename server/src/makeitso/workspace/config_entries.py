"""What reading settings yields: values with their source and place, and problems with theirs."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from makeitso.protocol.text import Fix, Problem, Span
from makeitso.workspace import config_keys
from makeitso.workspace.config_keys import Names, dotted
from makeitso.workspace.config_positions import LineIndex, Place

if TYPE_CHECKING:
    import tomllib
    from pathlib import Path

NOWHERE = Span(line=0, column=0, end_line=0, end_column=0)
LEFT_OUT = "; the whole file is left out"
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
_SYNTAX_TAIL = re.compile(r" \(at (line \d+, column \d+|end of document)\)")

SourceKind = Literal["default", "file", "profile", "flag"]
Side = Literal["built-in", "user", "workspace", "person"]


@dataclass(frozen=True)
class Source:
    """Where a value comes from.

    Attributes:
        kind: `default`, a `file`, a `profile` in a file, or a `flag` of the command line.
        side: whose word it is: the program's, the person's file, the workspace's, the person's now.
        path: the file, for file and profile.
        line: line in it, counted from 1; 0 when there is none.
        profile: name of the profile, for profile.
    """

    kind: SourceKind
    side: Side = "built-in"
    path: Path | None = None
    line: int = 0
    profile: str = ""

    def __str__(self) -> str:
        match self.kind:
            case "default":
                return "default"
            case "flag":
                return "command line"
            case "file":
                return f"{self.path}:{self.line}"
            case "profile":
                return f"{self.path}:{self.line} (profile {self.profile})"


DEFAULT = Source("default")


@dataclass(frozen=True)
class ConfigProblem:
    """Something wrong in a config file, or, with no path, on the command line.

    Attributes:
        path: the file.
        problem: what and where; the span is meaningless without a path.
        key: the key as a person writes it; empty when it is about the file.
    """

    path: Path | None
    problem: Problem
    key: str = ""

    @property
    def where(self) -> str:
        """`path:line:column`, counted from 1, or `-c`."""
        if self.path is None:
            return "-c"
        return f"{self.path}:{self.problem.span.line + 1}:{self.problem.span.column + 1}"

    def __str__(self) -> str:
        return f"{self.where}: {self.problem.severity}: {self.problem.message}"


@dataclass(frozen=True)
class Entry:
    """A value of the right type for a key that exists."""

    path: Names
    value: object
    source: Source
    place: Place

    def problem(self, code: str, message: str, *, error: bool = False) -> ConfigProblem:
        """A problem at this value."""
        return ConfigProblem(
            path=self.source.path,
            problem=Problem(
                code=code,
                message=message,
                severity="error" if error else "warning",
                span=self.place.value,
            ),
            key=dotted(self.path),
        )


@dataclass
class Layer:
    """The settings of one source, and what is wrong in it."""

    entries: dict[Names, Entry] = field(default_factory=dict[Names, Entry])
    problems: list[ConfigProblem] = field(default_factory=list[ConfigProblem])


def file_problem(path: Path, code: str, message: str, span: Span = NOWHERE) -> ConfigProblem:
    """A file that cannot be used at all; `message` goes on after its name."""
    text = f"{path.name} {message}{LEFT_OUT}"
    return ConfigProblem(path, Problem(code=code, message=text, severity="error", span=span))


def syntax_problem(path: Path, error: tomllib.TOMLDecodeError, text: str) -> ConfigProblem:
    """A text that is no TOML: what the parser said, where it said it."""
    said = _SYNTAX_TAIL.sub("", str(error))
    return file_problem(
        path, "toml-syntax", f"is not valid TOML: {said}", _syntax_span(error, text)
    )


def _syntax_span(error: tomllib.TOMLDecodeError, text: str) -> Span:
    match = _AT.search(str(error))
    if match:
        line, column = int(match[1]) - 1, int(match[2]) - 1
        return Span(line=line, column=column, end_line=line, end_column=column + 1)
    end = len(text.rstrip("\n"))
    return LineIndex.of(text).span(end, end)


def unknown_key(path: Path | None, names: Names, prefix: Names, place: Place) -> ConfigProblem:
    """A key that does not exist, with the one that was meant where one is near."""
    near = config_keys.did_you_mean(names)
    message = f"unknown key {dotted(names)}"
    fixes: tuple[Fix, ...] = ()
    if near:
        message += f"; did you mean {near}?"
        last = near.rpartition(".")[2]
        if path is not None and near == dotted((*names[:-1], last)) and place.key != place.value:
            fixes = (Fix(title=f"Change to {last}", span=place.key, new_text=last),)
    problem = Problem(
        code="unknown-key", message=message, severity="warning", span=place.key, fixes=fixes
    )
    return ConfigProblem(path, problem, dotted((*prefix, *names)) if path else dotted(names))


def wrong_value(
    path: Path | None,
    names: Names,
    expected: str,
    place: Place,
    key: config_keys.Key | None = None,
    value: object = None,
) -> ConfigProblem:
    """A value of the wrong type or out of range, with what was expected."""
    message = f"{dotted(names)}: expected {expected}"
    fixes: tuple[Fix, ...] = ()
    if key is not None:
        message += f", found {shown(value)}; the value is left out"
        near = difflib.get_close_matches(str(value), key.choices, n=1)
        fixes = tuple(
            Fix(title=f'Change to "{word}"', span=place.value, new_text=f'"{word}"')
            for word in near
        )
    problem = Problem(
        code="wrong-value", message=message, severity="error", span=place.value, fixes=fixes
    )
    return ConfigProblem(path, problem, dotted(names))


def shown(value: object) -> str:
    """A value as a config file would write it, shortened."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 60 else f'"{value[:60]}…"'
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        items = [shown(item) for item in cast("tuple[object, ...]", value)]
        return f"[{', '.join(items)}]"
    return str(value)
