"""What the names of files that git ignores tell: environments, settings, leavings; lock files.

A worktree holds what git knows. What a person keeps beside it is looked at by name alone, so that a
large directory costs nothing to classify.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["environment", "settings", "leavings", "other"]
"""environment: what set-up commands make of a lock file; settings: values of this machine, maybe
secret; leavings: caches nobody misses; other: data, or the output of a build."""

_ENVIRONMENTS = frozenset(
    {
        "node_modules", "bower_components", "jspm_packages", ".pnpm-store", ".yarn",
        ".venv", "venv", "env", "virtualenv", "__pypackages__", ".tox", ".nox", ".pixi", ".conda",
        "target", "vendor", "deps", "_build", "elm-stuff", ".bundle", "Pods", "Carthage",
        ".gradle", ".m2", ".dart_tool", ".stack-work", "dist-newstyle", ".cargo", ".bloop",
    }
)  # fmt: skip
_LEAVINGS = frozenset(
    {
        "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".cache",
        ".coverage", "htmlcov", "coverage", ".nyc_output", ".turbo", ".parcel-cache", ".idea",
        ".vscode", ".vs", ".DS_Store", "Thumbs.db", ".eggs", ".import_linter_cache", ".svn",
        ".sass-cache", ".eslintcache", ".stylelintcache", ".makeitso", ".direnv",
    }
)  # fmt: skip
_LEAVING = re.compile(r"\.(pyc|pyo|log|swp|swo|tmp|bak|orig|tsbuildinfo|egg-info)\Z|~\Z|\.log\.")
_SETTINGS = re.compile(
    r"\A\.env(rc)?(\..+)?\Z|\.env\Z|\A(local|secrets?|credentials)\.[a-z]+\Z|\A\.npmrc\Z"
    r"|\.local(\.[a-z]+)?\Z|\A(local_)?settings\.[a-z.]*\Z|\A\.(netrc|pypirc|pgpass)\Z"
    r"|\.(pem|key|p12|pfx|keystore)\Z"
)
_LOCK_FILES = frozenset(
    {
        "package.json", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml",
        "pnpm-workspace.yaml", "yarn.lock", ".npmrc", ".yarnrc", ".yarnrc.yml", ".nvmrc",
        ".node-version", "bun.lock", "bun.lockb", "deno.lock",
        "pyproject.toml", "setup.py", "setup.cfg", "uv.lock", "poetry.lock", "pdm.lock",
        "Pipfile", "Pipfile.lock", "pylock.toml", "tox.ini", ".python-version", "environment.yml",
        "conda-lock.yml", "pixi.lock",
        "Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml",
        "go.mod", "go.sum", "go.work", "go.work.sum",
        "Gemfile", "Gemfile.lock", ".ruby-version", "composer.json", "composer.lock",
        "gradle.lockfile", "buildscript-gradle.lockfile", "build.gradle", "build.gradle.kts",
        "settings.gradle", "settings.gradle.kts", "gradle-wrapper.properties",
        "libs.versions.toml", "verification-metadata.xml", "pom.xml",
        "mix.exs", "mix.lock", "rebar.lock", "pubspec.yaml", "pubspec.lock", "Podfile.lock",
        "Package.resolved", "packages.lock.json", "flake.lock", "stack.yaml.lock",
        "cabal.project.freeze", ".tool-versions", "mise.toml",
    }
)  # fmt: skip
_LOCK_FILE = re.compile(r"\A(requirements|constraints)[-_.a-zA-Z0-9]*\.(txt|in)\Z")


def kind_of(path: str) -> Kind:
    """What an ignored file or directory is, by its last name; directories may end in `/`."""
    name = PurePosixPath(path).name
    if name in _ENVIRONMENTS:
        return "environment"
    if name in _LEAVINGS or _LEAVING.search(name):
        return "leavings"
    return "settings" if _SETTINGS.search(name) else "other"


def is_lock_file(path: str) -> bool:
    """Whether a file says what an environment is made of: lock files, manifests, versions.

    A manifest counts as well as its lock file: what a set-up command makes may follow from either,
    and one that is read in vain costs a set-up, never a wrong environment.
    """
    pure = PurePosixPath(path)
    if pure.name in _LOCK_FILES or _LOCK_FILE.match(pure.name):
        return True
    return pure.suffix in (".txt", ".in", ".lock") and pure.parent.name == "requirements"


def only_environments(roots: Iterable[str]) -> bool:
    """Whether ignored things are all such that a lock file says what is in them."""
    return all(kind_of(root) in ("environment", "leavings") for root in roots)
