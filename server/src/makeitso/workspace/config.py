"""The settings that hold: files, profile and flags laid over each other, under the rules of rights.

Low to high: built-in defaults, the person's file, the workspace's (a root `config.toml` that has
`[manager]` or `[workers.*]`, then `.makeitso/config.toml`), the profile in each of them, `-c`
flags. Four rules stand above that order:

- policies, approval and budget: the stricter of person's file and workspace file holds;
  dangerous patterns of all files hold together;
- in an untrusted workspace its values that carry rights are left out, unless they only restrict;
- a value this version does not do yet is refused, never half done;
- a path a workspace names stays inside the workspace.

What is wrong becomes a problem with a place, and the next lower value holds: loading never fails
over what a file says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from makeitso.errors import ConfigError, NotFoundError, NotYetError, UsageError
from makeitso.protocol.config import Config
from makeitso.workspace import config_keys
from makeitso.workspace.config_entries import DEFAULT, ConfigProblem, Entry, Source, shown
from makeitso.workspace.config_keys import Names, dotted
from makeitso.workspace.config_layers import (
    ConfigFile,
    file_layer,
    flag_layer,
    parse_file,
    profile_layer,
    read_file,
)
from makeitso.workspace.config_rules import Setting, settle
from makeitso.workspace.paths import DotMakeitso, UserDirs, user_dirs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from makeitso.protocol.text import Problem

__all__ = [
    "ConfigProblem",
    "LoadedConfig",
    "Setting",
    "Source",
    "explain",
    "lint",
    "load",
    "require_runnable",
    "workspace_files",
]

_BLOCKING = frozenset({"not-yet", "refused", "toml-syntax", "config-unreadable"})


class TrustedDigests(Protocol):
    """What loading needs to know of trust: the bytes a person agreed to."""

    def covers(self, path: Path, digest: str) -> bool:
        """Whether a file with exactly these bytes is trusted."""
        ...


@dataclass(frozen=True)
class LoadedConfig:
    """The settings that hold, where each comes from, and what is wrong in the files.

    Attributes:
        config: the settings.
        sources: where the value of each key comes from, by dotted key, in the order of the file.
        problems: what is wrong, in the order the files were read.
        settings: all values any source gives for a key, lowest first; only keys that are set.
        files: the files that were looked for, as read.
        profiles: names of all profiles in the files.
        profile: the chosen one, or empty.
    """

    config: Config
    sources: Mapping[str, Source]
    problems: tuple[ConfigProblem, ...]
    settings: Mapping[str, tuple[Setting, ...]]
    files: tuple[ConfigFile, ...]
    profiles: tuple[str, ...]
    profile: str = ""

    def value(self, key: str) -> object:
        """The value that holds for a dotted key.

        Raises:
            NotFoundError: there is no such key.
        """
        if key not in self.sources:
            near = config_keys.did_you_mean(config_keys.parse_key(key) or (key,))
            raise NotFoundError(
                f"no config key {key}",
                hint=f"Did you mean {near}?" if near else "`mis profile show` lists every key.",
                data={"key": key},
            )
        for setting in self.settings.get(key, ()):
            if setting.outcome == "holds":
                return setting.value
        return config_keys.keys()[config_keys.parse_key(key) or (key,)].default


def workspace_files(root: Path) -> tuple[ConfigFile, ...]:
    """The config files of a workspace, lower first; a root `config.toml` only when it is ours."""
    found: list[ConfigFile] = []
    at_root = read_file(root / "config.toml", "workspace")
    workers = at_root.tree.get("workers")
    named = cast("dict[str, object]", workers) if isinstance(workers, dict) else {}
    has_worker = any(isinstance(table, dict) for table in named.values())
    if isinstance(at_root.tree.get("manager"), dict) or has_worker:
        found.append(at_root)
    found.append(read_file(DotMakeitso(root).config, "workspace"))
    return tuple(found)


def load(
    root: Path,
    *,
    profile: str = "",
    overrides: tuple[str, ...] = (),
    trust: TrustedDigests | None = None,
    dirs: UserDirs | None = None,
) -> LoadedConfig:
    """Load the settings of a workspace.

    Args:
        root: the workspace.
        profile: name of a profile in any of the files; empty: none.
        overrides: `key=value` texts, as given to `-c`.
        trust: which bytes of workspace files are trusted; None: none are.
        dirs: the person's directories; None: the usual ones.

    Raises:
        UsageError: no file has the profile, or an override is not `key=value`.
    """
    user = read_file((dirs or user_dirs()).config_file, "user")
    files = (user, *workspace_files(root))
    names = tuple(dict.fromkeys(name for file in files for name in file.profiles))
    if profile and profile not in names:
        raise UsageError(
            f"no profile {profile} in any config file",
            hint=f"Profiles: {', '.join(names)}." if names else "No file defines a profile.",
            data={"profile": profile, "profiles": list(names)},
        )
    layers = [file_layer(file) for file in files]
    if profile:
        layers += [profile_layer(file, profile) for file in files]
    layers.append(flag_layer(overrides))
    problems = [problem for file in files for problem in file.problems]
    problems += [problem for layer in layers for problem in layer.problems]
    trusted = frozenset(
        file.path for file in files if trust is not None and trust.covers(file.path, file.digest)
    )
    settings, held = settle(layers, root=root, trusted=trusted, problems=problems)
    return LoadedConfig(
        config=Config.model_validate(_nested(held)),
        sources=_sources(held),
        problems=tuple(problems),
        settings=settings,
        files=files,
        profiles=names,
        profile=profile,
    )


def lint(text: str, *, path: Path, root: Path) -> tuple[Problem, ...]:
    """What is wrong in the text of a config file, all its profiles included, as on its own.

    For an editor: trust and the files it is laid over play no part. Sorted by place.
    """
    file = parse_file(
        path, "user" if path == user_dirs().config_file else "workspace", text.encode()
    )
    problems = list(file.problems)
    for layer in (file_layer(file), *(profile_layer(file, name) for name in file.profiles)):
        problems += layer.problems
        settle([layer], root=root, trusted=frozenset({path}), problems=problems)
    spans = [found.problem for found in problems]
    return tuple(sorted(spans, key=lambda found: (found.span.line, found.span.column)))


def require_runnable(loaded: LoadedConfig) -> None:
    """Let a command that runs things go on, or say which file and line stands in the way.

    A wrong value falls back and does not stop a run; a file that does not parse, a value this
    version does not do, and one it must refuse do.

    Raises:
        NotYetError: a value is known and not built yet.
        ConfigError: a file does not parse or cannot be read, or a value is refused.
    """
    for found in loaded.problems:
        if found.problem.code not in _BLOCKING:
            continue
        kind = NotYetError if found.problem.code == "not-yet" else ConfigError
        raise kind(
            f"{found.where}: {found.problem.message}",
            hint="Change that line and run again."
            if found.path
            else "Leave the -c flag out and run again.",
            data={
                "path": str(found.path) if found.path else None,
                "line": found.problem.span.line + 1,
                "key": found.key,
            },
        )


def explain(loaded: LoadedConfig, key: str) -> str:
    """What a key means, what holds and why, in a few lines for a person.

    Raises:
        NotFoundError: there is no such key.
    """
    value = loaded.value(key)
    pattern = config_keys.pattern_of(config_keys.parse_key(key) or (key,))
    about = config_keys.keys()[pattern] if pattern else None
    lines = [f"{key} = {shown(value)}"]
    if about:
        lines += [f"  {about.description}", f"  default: {shown(about.default)}"]
    lines += [
        f"  {setting.outcome}: {shown(setting.value)} from {setting.source}"
        for setting in reversed(loaded.settings.get(key, ()))
    ]
    return "\n".join(lines)


def _nested(held: dict[Names, Entry]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, entry in held.items():
        table = tree
        for name in path[:-1]:
            table = table.setdefault(name, {})
        table[path[-1]] = entry.value
    return tree


def _sources(held: dict[Names, Entry]) -> dict[str, Source]:
    sources = {dotted(path): DEFAULT for path in tuple(config_keys.keys()) if "*" not in path}
    sources.update({dotted(path): entry.source for path, entry in held.items()})
    return sources
