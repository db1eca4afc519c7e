"""What may land where: paths that are refused, and paths a person decides on. Bytes in, words out.

An empty answer means there is nothing to say. Comparison is after casefold and Unicode
normalisation, because the file systems of half our users compare like that.
"""

from __future__ import annotations

import itertools
import re
import shlex
import unicodedata
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from makeitso.protocol.plan import Check

LONGEST_COMPONENT_BYTES = 255
"""NAME_MAX of the common file systems."""
LARGE_BYTES = 1_000_000
"""Nobody reads a file of this size in a review."""
FILE_MODES = frozenset({"100644", "100755"})
ABSENT_MODE = "000000"

_HFS_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
"""HFS+ drops these from names, so that `.g<ZWNJ>it` opens `.git`. Source: git's utf8.c."""
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_GIT_SHORT_NAME = re.compile(r"git~\d+")
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
"""A Python module, maybe with a class and a test in it, as `python -m unittest` takes it."""
_WINDOWS_NAME = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com\d|lpt\d)(\..*)?")

_PROTECTED_DIRECTORIES = {
    ".githooks": "holds git hooks",
    ".husky": "holds git hooks",
    ".vscode": "configures the editor, which may run it",
    ".idea": "configures the editor, which may run it",
    ".devcontainer": "configures a container that is built from it",
    ".codex": "configures an agent",
    ".claude": "configures an agent",
    ".cursor": "configures an agent",
    ".gemini": "configures an agent",
    ".agents": "configures an agent",
    ".circleci": "configures CI",
    ".buildkite": "configures CI",
    ".woodpecker": "configures CI",
    ".makeitso": "belongs to makeitso",
}
_PROTECTED_NAMES = {
    ".gitattributes": "names filters git runs",
    ".gitmodules": "names repositories git fetches",
    ".gitconfig": "configures git",
    ".mcp.json": "names programs an agent starts",
    "agents.md": "instructs agents",
    "agents.override.md": "instructs agents",
    "claude.md": "instructs agents",
    "gemini.md": "instructs agents",
    ".cursorrules": "instructs agents",
    "copilot-instructions.md": "instructs agents",
    ".envrc": "is run on entering the directory",
    ".npmrc": "configures the package manager",
    ".yarnrc": "configures the package manager",
    ".yarnrc.yml": "configures the package manager",
    "pip.conf": "configures the package manager",
    ".pre-commit-config.yaml": "names git hooks",
    "lefthook.yml": "names git hooks",
    ".gitlab-ci.yml": "configures CI",
    ".travis.yml": "configures CI",
    ".drone.yml": "configures CI",
    "azure-pipelines.yml": "configures CI",
    "bitbucket-pipelines.yml": "configures CI",
    "appveyor.yml": "configures CI",
    "jenkinsfile": "configures CI",
    "package.json": "holds scripts the package manager runs",
    "makefile": "holds commands that are run",
    "gnumakefile": "holds commands that are run",
    "justfile": "holds commands that are run",
    "conftest.py": "is run by every test",
    "sitecustomize.py": "is run by every Python program",
    "usercustomize.py": "is run by every Python program",
}
_LOCK_FILES = frozenset(
    {
        "package-lock.json",
        "npm-shrinkwrap.json",
        "pnpm-lock.yaml",
        "bun.lockb",
        "packages.lock.json",
        "gradle.lockfile",
        "go.sum",
    }
)
_CI_DIRECTORIES = frozenset(
    (host, kind)
    for host in (".github", ".gitea", ".forgejo", ".gitlab")
    for kind in ("workflows", "actions")
)


def refusal(path: bytes, *, old_mode: str, new_mode: str) -> str:
    """Why a path can never land; empty: it may.

    `old_mode` and `new_mode` are git's, `000000` for absent.
    """
    modes = {old_mode, new_mode} - {ABSENT_MODE}
    if "160000" in modes:
        return "it is a submodule"
    if "120000" in modes:
        return "it is a symbolic link"
    if odd := sorted(modes - FILE_MODES):
        return f"its mode is {odd[0]}"
    if not path or path.startswith(b"/"):
        return "its path is absolute" if path else "its path is empty"
    if _CONTROL.search(path):
        return "its name holds control characters"
    try:
        text = path.decode("utf-8")
    except UnicodeDecodeError:
        return "its name is not UTF-8"
    for component, raw in zip(text.split("/"), path.split(b"/"), strict=True):
        if component in ("", ".", ".."):
            return "its path leaves the workspace or is not plain"
        if len(raw) > LONGEST_COMPONENT_BYTES:
            return f"a part of its path is longer than {LONGEST_COMPONENT_BYTES} bytes"
        if _is_git_directory(component):
            return "it lies in a git directory"
    return ""


def protection(
    path: bytes,
    *,
    old_mode: str,
    new_mode: str,
    checks: Sequence[Check] = (),
    size: int = 0,
    binary: bool = False,
) -> str:
    """Why a person, never a policy, decides on a path that is not refused; empty: ordinary.

    `size` is that of the proposal in bytes.
    """
    if "100755" in (old_mode, new_mode) and old_mode != new_mode and new_mode != ABSENT_MODE:
        return "it changes the executable bit"
    text = path.decode("utf-8", "backslashreplace")
    folded = fold(text)
    parts = folded.split("/")
    reason = _protected_place(parts) or _protected_name(parts) or _odd_name(folded, parts)
    if reason:
        return reason
    if proves(text, checks):
        return "the task's own check names it"
    if binary:
        return "it is binary"
    if size > LARGE_BYTES:
        return f"it is larger than {LARGE_BYTES // 1_000_000} MB"
    return ""


def protected_name(path: str) -> str:
    """Why a person decides on a file by its name alone; empty: the name is an ordinary one."""
    parts = fold(path).split("/")
    return _protected_place(parts) or _protected_name(parts)


def protected_places() -> dict[str, tuple[str, ...]]:
    """What a person decides on, in words, with the names that are meant; for people to read."""
    found: dict[str, list[str]] = {}
    for name, reason in {**_PROTECTED_DIRECTORIES, **_PROTECTED_NAMES}.items():
        found.setdefault(reason, []).append(f"{name}/" if name in _PROTECTED_DIRECTORIES else name)
    found.setdefault("configures CI", []).extend("/".join(pair) for pair in sorted(_CI_DIRECTORIES))
    found["decides what is installed"] = ["*.lock", *sorted(_LOCK_FILES)]
    found["holds an environment, and maybe secrets"] = [".env", ".env.*"]
    found["changes otherwise than by text"] = ["executable bits", "binary files", "over 1 MB"]
    found["proves the task"] = ["files its own checks name"]
    return {reason: tuple(names) for reason, names in found.items()}


def fold(path: str) -> str:
    """The form under which two names are one on a file system that folds case and accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def twins(added: Iterable[str], present: Iterable[str]) -> dict[str, str]:
    """Added paths that differ from another path only in case or accents, with that other path.

    `present` are all paths of the proposal, the added ones among them.
    """
    wanted = {fold(path): path for path in added}
    found: dict[str, str] = {}
    for path in present:
        mine = wanted.get(fold(path)) if wanted else None
        if mine is not None and mine != path:
            found[mine] = path
    return found


def proves(path: str, checks: Sequence[Check]) -> bool:
    """Whether a check names this path, a directory above it, or its Python module."""
    return any(_names(path, word, check.cwd) for check in checks for word in _words(check.command))


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command, comments=True)
    except ValueError:
        return command.split()


def _names(path: str, word: str, cwd: str) -> bool:
    word = word.partition("::")[0].rpartition("=")[2].strip(";&|()<>")
    if not word or word.startswith("-") or word in (".", "./", "/"):
        return False
    name = PurePosixPath(cwd) / word
    target = PurePosixPath(path)
    if name == target or name in target.parents:
        return True
    if any(mark in word for mark in "*?["):
        return target.match(str(name))
    if _DOTTED.fullmatch(word) is None:
        return False
    parts = word.split(".")
    heads = (PurePosixPath(cwd, *parts[:count]) for count in range(1, len(parts) + 1))
    return any(target in (head.with_suffix(".py"), head / "__init__.py") for head in heads)


def _is_git_directory(component: str) -> bool:
    """Whether some file system opens `.git` under this name."""
    bare = _HFS_IGNORED.sub("", component).partition(":")[0]
    name = unicodedata.normalize("NFKC", bare).casefold().rstrip(". ")
    return name == ".git" or _GIT_SHORT_NAME.fullmatch(name) is not None


def _protected_place(parts: list[str]) -> str:
    for part in parts[:-1]:
        if part in _PROTECTED_DIRECTORIES:
            return f"{part}/ {_PROTECTED_DIRECTORIES[part]}"
    for pair in itertools.pairwise(parts):
        if pair in _CI_DIRECTORIES:
            return f"{'/'.join(pair)} configures CI"
    return ""


def _protected_name(parts: list[str]) -> str:
    name = parts[-1]
    if name in _PROTECTED_NAMES:
        return f"{name} {_PROTECTED_NAMES[name]}"
    if name in _PROTECTED_DIRECTORIES:
        return f"{name} {_PROTECTED_DIRECTORIES[name]}"
    if name in _LOCK_FILES or name.endswith(".lock"):
        return "it is a lock file: it decides what is installed"
    if name == ".env" or name.startswith(".env."):
        return "it holds an environment, and maybe secrets"
    if name.endswith(".pth"):
        return "Python runs .pth files at start"
    if parts == ["config.toml"]:
        return "it may configure makeitso"
    return ""


def _odd_name(folded: str, parts: list[str]) -> str:
    for part in parts:
        if _WINDOWS_NAME.fullmatch(part):
            return f"{part} is a device name on Windows"
        if part != part.rstrip(". "):
            return "a part of its path ends in a dot or space, which Windows drops"
    if ":" in folded or "\\" in folded:
        return "its path means something else on Windows"
    if _HFS_IGNORED.search(folded):
        return "its name holds invisible characters"
    return ""
