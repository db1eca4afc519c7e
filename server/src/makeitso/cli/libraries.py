"""Which pattern library a verb works with, in a workspace or anywhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import UsageError
from makeitso.parsing.library import load_library, overlay
from makeitso.prompts.packaged import packaged_text
from makeitso.workspace.paths import DOT

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.cli.context import Context
    from makeitso.parsing.library import Library
    from makeitso.protocol.text import Problem


@dataclass(frozen=True)
class Chosen:
    """A library, and where its patterns come from, for a person."""

    library: Library
    origin: str


def choose_library(context: Context, *, file: Path | None) -> Chosen:
    """The packaged patterns, with those of a file or of the trusted workspace laid over.

    Outside of a workspace no settings are read. What is wrong in a library is said on stderr, and
    its other patterns count.

    Raises:
        UsageError: `file` cannot be read, or holds no pattern that can be used.
    """
    base, _ = load_library(packaged_text("regexes.toml"), origin="packaged")
    if file is not None:
        own, problems = load_library(read_library(file), origin=str(file))
        if not own.patterns:
            first = f": {problems[0].message}" if problems else ""
            raise UsageError(
                f"{file} has no pattern that can be used{first}",
                hint=f"`mis learn --check {file}` says what is wrong.",
            )
        _note(context, str(file), problems)
        return Chosen(overlay(base, own), f"the packaged patterns and {file}")
    name, text = _of_workspace(context)
    if text is None:
        return Chosen(base, "the packaged patterns")
    own, problems = load_library(text, origin=name)
    _note(context, name, problems)
    return Chosen(overlay(base, own), f"the packaged patterns and {name}")


def read_library(path: Path) -> str:
    """The text of a library file.

    Raises:
        UsageError: it is not there, or is no UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="Name a pattern library, a TOML file."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: {error}", hint="Save it as UTF-8.") from error


def _of_workspace(context: Context) -> tuple[str, str | None]:
    if not ((context.root / DOT).is_dir() or context.overrides or context.profile):
        return "", None
    from makeitso.wiring.matching import choose_matching
    from makeitso.workspace.agreed import agreed_text

    choose_matching(context.config)
    name = context.config.learning.regex_repo
    path = context.root / name
    text = agreed_text(path, root=context.root, state=context.trust)
    if text is None and path.is_file():
        context.console.note(
            f"{name} is left out: it is not trusted; `mis trust` shows it", style="yellow"
        )
    return name, text


def _note(context: Context, name: str, problems: list[Problem]) -> None:
    for problem in problems:
        context.console.note(
            f"{name}:{problem.span.line + 1}: {problem.severity}: {problem.message}", style="yellow"
        )
