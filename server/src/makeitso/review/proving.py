"""What proves a task besides the tests that its checks name: what the runners of those checks read.

A worker that changes how tests are found, set up or run can make a check green without the work.
Such hunks have the flag `proves-task`, with the reason in words. Pure: the text of a configuration
file is handed in, and says which of its lines the runner reads.
"""

from __future__ import annotations

import fnmatch
import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from makeitso.review.paths import proves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from makeitso.protocol.plan import Check

    Lines = Callable[[str], frozenset[int]]
    """Which lines of a text, from 1, a runner reads."""

_DEPTH = 4
"""How many shells within shells are looked into."""
_OPERATORS = re.compile(r"&&|\|\||[;|&\n()]")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=.*")
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
_WRAPPERS = frozenset(
    {
        "sudo",
        "env",
        "time",
        "nice",
        "nohup",
        "exec",
        "command",
        "xargs",
        "npx",
        "bunx",
        "uvx",
        "pipx",
    }
)
_RUNS = frozenset({"poetry", "uv", "pipenv", "hatch", "pdm", "rye", "bundle", "coverage"})
"""Programs whose `run` or `exec` is followed by a command."""
_VERSIONED = re.compile(r"^(python|pypy|pytest)[\d.]*$")


@dataclass(frozen=True)
class Proof:
    """Why a file proves a task, and which of its lines do; None: all of them."""

    why: str
    lines: Lines | None = None

    def read(self, text: str) -> frozenset[int] | None:
        """The lines of a text, from 1, that prove the task; None: all of them."""
        return None if self.lines is None else self.lines(text)


def prover(checks: Sequence[Check]) -> Callable[[str], Proof | None]:
    """What says why a path proves the task of these checks; None: it does not."""
    runners = [
        (f"`{' '.join(command[:2])}`", runner)
        for check in checks
        for command in _commands(check.command)
        for runner in _RUNNERS.get(_program(command), ())
    ]

    def proof(path: str) -> Proof | None:
        if proves(path, checks):
            return Proof("the task's own check names it")
        place = path.casefold()
        name = place.rpartition("/")[2]
        for shown, runner in runners:
            if runner.whole.fullmatch(place):
                return Proof(f"{shown} reads it: {runner.what}")
            if name in runner.parts:
                what, lines = runner.parts[name]
                return Proof(f"{shown} reads {what} of it", lines)
        return None

    return proof


def _program(command: Sequence[str]) -> str:
    name = PurePosixPath(command[0]).name
    found = _VERSIONED.match(name)
    name = found[1] if found else name
    if name in ("python", "pypy") and "-m" in command[1:-1]:
        return command[list(command).index("-m") + 1].partition(".")[0]
    return name


def _commands(text: str, depth: int = 0) -> Iterator[list[str]]:
    """The simple commands of a command line, without what only wraps them."""
    for part in _parts(text):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:
            words = part.split()
        yield from _unwrapped(words, depth)


def _parts(text: str) -> Iterator[str]:
    """A command line cut at its operators, quotes heeded."""
    at, begun, quote = 0, 0, ""
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif (found := _OPERATORS.match(text, at)) is not None:
            yield text[begun:at]
            at = begun = found.end()
            continue
        at += 1
    yield text[begun:]


def _unwrapped(words: list[str], depth: int) -> Iterator[list[str]]:
    while words:
        name = PurePosixPath(words[0]).name
        rest = words[1:]
        if _ASSIGNED.fullmatch(words[0]) or words[0] in ("(", "{", "!"):
            words = rest
        elif name in _SHELLS and any(re.fullmatch(r"-[a-z]*c", word) for word in rest):
            at = next(n for n, word in enumerate(rest) if re.fullmatch(r"-[a-z]*c", word))
            if depth < _DEPTH and at + 1 < len(rest):
                yield from _commands(rest[at + 1], depth + 1)
            return
        elif name == "timeout":
            words = _past_options(rest, valued=("-k", "-s"))[1:]
        elif name in _WRAPPERS:
            words = _past_options(rest)
        elif name in _RUNS and rest[:1] in (["run"], ["exec"]):
            words = _past_options(rest[1:])
            if name == "coverage" and rest[1:2] == ["-m"]:
                words = rest[2:]
        else:
            yield words
            return


def _past_options(words: list[str], valued: Sequence[str] = ()) -> list[str]:
    at = 0
    while at < len(words) and (words[at].startswith("-") or _ASSIGNED.fullmatch(words[at])):
        at += 2 if words[at] in valued else 1
    return words[at:]


# -- what runners read ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Runner:
    what: str
    """What such a file is to it."""
    whole: re.Pattern[str]
    """Paths, in lower case, of files of which it reads all."""
    parts: Mapping[str, tuple[str, Lines]]
    """Names of files of which it reads a part, what that is, and its lines."""


def _paths(*patterns: str) -> re.Pattern[str]:
    """Paths that end so, wherever they begin."""
    return re.compile(rf"(?:.*/)?(?:{'|'.join(map(fnmatch.translate, patterns))})")


def _tables(*heads: str) -> Lines:
    """Lines of the tables of a TOML or INI file whose name begins so."""

    def lines(text: str) -> frozenset[int]:
        found: set[int] = set()
        inside = False
        for number, line in enumerate(text.split("\n"), start=1):
            head = re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line)
            if head is not None:
                inside = any(
                    head[1] == name or head[1].startswith((f"{name}.", f"{name}:"))
                    for name in heads
                )
            if inside:
                found.add(number)
        return frozenset(found)

    return lines


def _members(*names: str) -> Lines:
    """Lines of these members of the object that a JSON file is."""

    def lines(text: str) -> frozenset[int]:
        found: set[int] = set()
        depth, number, member, last = 0, 1, "", ""
        for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[{}\[\],:\n]', text):
            word = token[0]
            if depth == 1 and word in "}]":
                member = ""  # the end of it all
            if member in names:
                found.add(number)
            if word == "\n":
                number += 1
            elif word[0] == '"':
                last = word[1:-1]
            elif word in "{[":
                depth += 1
            elif word in "}]":
                depth -= 1
            elif depth == 1:
                member = last if word == ":" else ""
                if member in names:
                    found.add(number)
        return frozenset(found)

    return lines


_PYTEST = _Runner(
    what="it configures its tests or is run with them",
    whole=_paths("conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", "sitecustomize.py"),
    parts={
        "pyproject.toml": ("`[tool.pytest]`", _tables("tool.pytest")),
        "setup.cfg": ("`[tool:pytest]`", _tables("tool:pytest")),
        "tox.ini": ("`[pytest]`", _tables("pytest")),
    },
)
_TOX = _Runner(
    what="it says which commands run",
    whole=_paths("tox.ini", "tox.toml"),
    parts={
        "pyproject.toml": ("`[tool.tox]`", _tables("tool.tox")),
        "setup.cfg": ("`[tox:tox]`", _tables("tox", "testenv")),
    },
)
_NOX = _Runner(what="it says which commands run", whole=_paths("noxfile.py"), parts={})
_MAKE = _Runner(
    what="it says which commands run", whole=_paths("makefile", "gnumakefile", "*.mk"), parts={}
)
_JUST = _Runner(
    what="it says which commands run", whole=_paths("justfile", ".justfile", "*.just"), parts={}
)
_TASK = _Runner(
    what="it says which commands run", whole=_paths("taskfile.yml", "taskfile.yaml"), parts={}
)
_JS = _Runner(
    what="it configures the tests",
    whole=_paths(
        "jest.config.*", "jest.setup.*", "vitest.config.*", "vitest.setup.*",
        "vitest.workspace.*", "vite.config.*", ".mocharc*", "karma.conf.*",
        "playwright.config.*", "cypress.config.*", "babel.config.*", ".babelrc*"),
    parts={
        "package.json": (
            "the scripts and test settings",
            _members("scripts", "jest", "vitest", "mocha", "ava", "babel", "config"),
        )
    },
)  # fmt: skip
_CARGO = _Runner(
    what="it says what is built and tested, and how",
    whole=_paths("build.rs", ".cargo/config*", ".config/nextest.toml", "tests/common/*.rs"),
    parts={
        "cargo.toml": (
            "the targets, features and profiles",
            _tables("test", "bench", "lib", "bin", "features", "profile", "workspace"),
        )
    },
)
_GO = _Runner(
    what="tests are in it, or read it",
    whole=_paths("testdata/*", "main_test.go"),
    parts={},
)
_JVM = _Runner(
    what="it says what is built and tested, and how",
    whole=_paths("pom.xml", "build.gradle*", "settings.gradle*", "gradle.properties"),
    parts={},
)
_RUBY = _Runner(
    what="it says which tests run, and how",
    whole=_paths("rakefile", ".rspec", "spec_helper.rb", "rails_helper.rb", "test_helper.rb"),
    parts={},
)
_PHP = _Runner(what="it configures its tests", whole=_paths("phpunit.xml*"), parts={})
_CMAKE = _Runner(
    what="it says which tests run", whole=_paths("cmakelists.txt", "ctestcustom.cmake"), parts={}
)
_RUNNERS: Mapping[str, tuple[_Runner, ...]] = {
    **dict.fromkeys(("pytest", "py.test"), (_PYTEST,)),
    **dict.fromkeys(("tox",), (_TOX, _PYTEST)),
    **dict.fromkeys(("nox",), (_NOX, _PYTEST)),
    **dict.fromkeys(("make", "gmake"), (_MAKE,)),
    "just": (_JUST,),
    "task": (_TASK,),
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun", "node", "deno"), (_JS,)),
    **dict.fromkeys(("jest", "vitest", "mocha", "ava", "playwright", "cypress", "karma"), (_JS,)),
    "cargo": (_CARGO,),
    "go": (_GO,),
    **dict.fromkeys(("mvn", "mvnw", "gradle", "gradlew"), (_JVM,)),
    **dict.fromkeys(("rake", "rspec", "rails"), (_RUBY,)),
    "phpunit": (_PHP,),
    **dict.fromkeys(("ctest", "cmake"), (_CMAKE,)),
}
