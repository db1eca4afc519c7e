"""Which value of a key holds: order, strictness, trust, what is not built yet, paths.

The rules are those stated at the top of `config`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal, cast

from makeitso.workspace import config_keys
from makeitso.workspace.config_entries import ConfigProblem, Entry, Layer, Source, shown
from makeitso.workspace.config_keys import Names, dotted
from makeitso.workspace.paths import stays_inside

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Outcome = Literal["holds", "overridden", "refused"]

_ORDERED: Mapping[Names, tuple[str, ...]] = {
    ("policies", "write_files"): ("never", "ask", "auto"),
    ("policies", "run_shell"): ("never", "ask", "auto"),
    ("policies", "network"): ("never", "ask", "auto"),
    ("manager", "approval"): ("manual", "confirm-phase", "delegate"),
    ("manager", "budget_tokens"): (),
    ("manager", "budget_minutes"): (),
}
_UNITED: frozenset[Names] = frozenset({("monitor", "dangerous_regexes")})
_PATHS: tuple[Names, ...] = (
    ("project", "root"),
    ("project", "artifacts_dir"),
    ("learning", "regex_repo"),
    ("learning", "prompt_repo"),
    ("learning", "replay_dir"),
    ("learning", "golden_dir"),
)


@dataclass(frozen=True)
class Setting:
    """One value a source gives for a key, and what became of it."""

    value: object
    source: Source
    outcome: Outcome


def settle(
    layers: list[Layer], *, root: Path, trusted: frozenset[Path], problems: list[ConfigProblem]
) -> tuple[dict[str, tuple[Setting, ...]], dict[Names, Entry]]:
    """Decide for every key that is set which of its values holds."""
    chains: dict[Names, list[Entry]] = {}
    for layer in layers:
        for path, entry in layer.entries.items():
            chains.setdefault(path, []).append(entry)
    settings: dict[str, tuple[Setting, ...]] = {}
    held: dict[Names, Entry] = {}
    for path, chain in chains.items():
        refused: list[Entry] = []
        admitted: list[Entry] = []
        for entry in chain:
            floor = admitted[-1].value if admitted else _key(path).default
            problem = _refusal(entry, root=root, floor=floor, trusted=trusted)
            if problem is None:
                admitted.append(entry)
            else:
                refused.append(entry)
                problems.append(problem)
        winner = admitted[-1] if admitted else None
        if winner is not None and path in _ORDERED and winner.source.kind != "flag":
            winner, problem = _stricter(path, admitted)
            if problem is not None:
                refused += [entry for entry in admitted if entry.source.side == "workspace"]
                problems.append(problem)
        if winner is not None and path in _UNITED:
            last, winner = winner, _united(admitted)
            chain = [winner if entry is last else entry for entry in chain]
        if winner is not None:
            held[path] = winner
        settings[dotted(path)] = tuple(
            Setting(e.value, e.source, _outcome(e, winner, refused)) for e in chain
        )
    return settings, held


def _united(admitted: list[Entry]) -> Entry:
    """The last entry with the values of all: nobody's word takes away what another forbids."""
    every = (value for entry in admitted for value in cast("tuple[str, ...]", entry.value))
    return replace(admitted[-1], value=tuple(dict.fromkeys(every)))


def _key(path: Names) -> config_keys.Key:
    return config_keys.keys()[config_keys.pattern_of(path) or path]


def _outcome(entry: Entry, winner: Entry | None, refused: list[Entry]) -> Outcome:
    if any(entry is item for item in refused):
        return "refused"
    return "holds" if entry is winner else "overridden"


def _stricter(path: Names, admitted: list[Entry]) -> tuple[Entry, ConfigProblem | None]:
    """Of the person's last word and the workspace's the stricter; a problem if that loosens."""
    person = next((e for e in reversed(admitted) if e.source.side == "user"), None)
    workspace = next((e for e in reversed(admitted) if e.source.side == "workspace"), None)
    if person is None or workspace is None:
        return admitted[-1], None
    if _rank(path, workspace.value) > _rank(path, person.value):
        return person, _looser(workspace, person)
    if workspace.value == person.value:
        return admitted[-1], None
    return workspace, None


def _refusal(
    entry: Entry, *, root: Path, floor: object, trusted: frozenset[Path]
) -> ConfigProblem | None:
    """Why a value may not count at all, or None."""
    key, name = _key(entry.path), dotted(entry.path)
    if entry.path == ("telemetry", "redact") and entry.value is False:
        return entry.problem("refused", f"{name}: redaction cannot be turned off", error=True)
    table = config_keys.tables().get((config_keys.pattern_of(entry.path) or ())[:-1])
    if key.refuses(entry.value) or (table is not None and table.not_yet):
        message = f"{name} = {shown(entry.value)}: this version does not do that yet"
        return entry.problem("not-yet", message, error=True)
    if entry.path in _UNITED and (reason := _uncompiled(cast("tuple[str, ...]", entry.value))):
        return entry.problem("wrong-value", f"{name}: {reason}; the value is left out", error=True)
    if entry.path in _PATHS[1:] and not PurePosixPath(str(entry.value)).parts:
        # The workspace as a whole would be taken for outputs, patterns or prompts.
        message = f"{name} must name something below the workspace"
        return entry.problem("path-outside", message, error=True)
    if entry.source.side != "workspace":
        return None
    if key.rights and entry.source.path not in trusted:
        restricts = entry.path in _ORDERED and _rank(entry.path, entry.value) <= _rank(
            entry.path, floor
        )
        if not restricts and entry.value != floor:
            return entry.problem(
                "untrusted-value",
                f"{name} is left out: this workspace file is not trusted, or changed since;"
                " `mis trust` shows it and asks",
            )
    if entry.path in _PATHS and not stays_inside(root, str(entry.value)):
        return entry.problem(
            "path-outside",
            f"{name} must stay inside the workspace: a relative path without `..` or a link out",
            error=True,
        )
    return None


def _uncompiled(patterns: tuple[str, ...]) -> str:
    """Why the engine refuses an expression; empty: it takes them all."""
    if not patterns:
        return ""
    from makeitso.parsing.linear import LinearRegex, PatternError

    for pattern in patterns:
        try:
            LinearRegex(pattern.encode("utf-8"))
        except PatternError as error:
            return f"{shown(pattern)} is no regular expression RE2 takes ({error})"
    return ""


def _rank(path: Names, value: object) -> float:
    """How loose a value of an ordered key is; higher is looser."""
    scale = _ORDERED[path]
    if scale:
        return scale.index(str(value))
    ceiling = value if isinstance(value, int | float) else 0
    return ceiling or float("inf")


def _looser(workspace: Entry, person: Entry) -> ConfigProblem:
    return workspace.problem(
        "looser-than-user",
        f"{dotted(workspace.path)} = {shown(workspace.value)} is looser than {shown(person.value)}"
        f" in {person.source}; the stricter one holds",
    )
