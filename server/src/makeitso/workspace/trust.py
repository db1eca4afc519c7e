"""Whether a workspace may raise rights: bound to the bytes of the files that could.

A file counts when it *carries* something: a config file that sets a key with rights, the
dictionary section of AGENTS.md when it is not the one this program ships, the workspace's pattern
library and prompts. A workspace with no such file has nothing to trust and nothing is asked; what
its code does when checks run is the sandbox's matter, not trust's.

Agreement is recorded per real path with the digest of each such file. One byte changed, one file
more or less, and the workspace is `changed`: its values with rights are left out until a person
agrees again.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from makeitso.errors import StateError, TrustError
from makeitso.prompts.dictionary import packaged_dictionary, parse_dictionary
from makeitso.prompts.dictionary_text import find_section
from makeitso.protocol.trust import TrustChange, TrustFile, TrustGrant, TrustName, TrustState
from makeitso.workspace import config, config_keys
from makeitso.workspace.config_entries import shown
from makeitso.workspace.config_layers import ConfigFile, file_layer, profile_layer, read_file
from makeitso.workspace.paths import DOT, UserDirs, user_dirs
from makeitso.workspace.trust_store import read_record, record_grant, remove_grant

AGENTS = "AGENTS.md"
_PROTOCOL = f"{DOT}/protocol"


def status(root: Path, *, dirs: UserDirs | None = None) -> TrustState:
    """How a workspace stands, from its files as they are now."""
    dirs = dirs or user_dirs()
    workspace = str(root.resolve())
    recorded = read_record(dirs).workspaces.get(workspace)
    agreed = recorded.files if recorded else {}
    now = {path: (digest, carries) for path, digest, carries in _carriers(root, dirs)}
    shown_files = [
        TrustFile(path=path, digest=digest, change=_change(agreed, path, digest), carries=carries)
        for path, (digest, carries) in now.items()
    ]
    if now:
        shown_files += [
            TrustFile(path=path, digest="", change="removed") for path in agreed if path not in now
        ]
    same = all(file.change == "same" for file in shown_files)
    state: TrustName = "trusted" if same else "changed" if recorded else "untrusted"
    ordered = tuple(sorted(shown_files, key=lambda file: file.path))
    return TrustState(workspace=workspace, state=state, files=ordered)


def load_config(
    root: Path, *, profile: str = "", overrides: tuple[str, ...] = (), dirs: UserDirs | None = None
) -> tuple[config.LoadedConfig, TrustState]:
    """The settings of a workspace under the trust it has.

    Raises:
        UsageError: as `config.load`.
    """
    dirs = dirs or user_dirs()
    state = status(root, dirs=dirs)
    loaded = config.load(
        root, profile=profile, overrides=overrides, trust=Trusted.of(root, state), dirs=dirs
    )
    return loaded, state


def grant(state: TrustState, *, at: int, dirs: UserDirs | None = None) -> None:
    """Record agreement to exactly what `state` shows, whatever the files say meanwhile.

    Args:
        state: what the person was shown.
        at: now, Unix ms.
        dirs: the person's directories.

    Raises:
        StateError: there is nothing to trust.
        StoreError: the record cannot be written.
    """
    files = {file.path: file.digest for file in state.files if file.change != "removed"}
    if not files:
        raise StateError(
            "nothing to trust: no file of this workspace carries rights",
            hint="Its settings and prompts are the built-in ones and your own.",
        )
    record_grant(
        TrustGrant(workspace=state.workspace, granted_at=at, files=files),
        dirs=dirs or user_dirs(),
    )


def carry_over(
    root: Path, path: str, *, before: str, after: str, at: int, dirs: UserDirs | None = None
) -> None:
    """Let the agreement to one file hold for what this program puts in its place.

    Only a person's own decision may lead here. The agreement to all other files stays as it is.

    Args:
        root: the workspace.
        path: a library or prompt, relative to the root.
        before: digest of the bytes that are agreed to now; empty: of no file.
        after: digest of what will be there; empty: no file.
        at: now, Unix ms.
        dirs: the person's directories.

    Raises:
        TrustError: that file, or another that carries rights, is not as the person agreed to.
        StoreError: the record cannot be written.
    """
    dirs = dirs or user_dirs()
    workspace = str(root.resolve())
    recorded = read_record(dirs).workspaces.get(workspace)
    agreed = dict(recorded.files) if recorded else {}
    others = [file for file in status(root, dirs=dirs).files if file.path != path]
    if agreed.get(path, "") != before or any(file.change != "same" for file in others):
        raise TrustError(
            f"{path} is to be changed, and you have not agreed to what is there now",
            hint="look at it with `mis trust`, agree with `mis trust --yes`",
        )
    if not _may_carry(root, path, dirs):
        raise TrustError(
            f"{path} would not be read: it is named on the command line alone",
            hint="name it in a config file",
        )
    agreed.pop(path, None)
    if after:
        agreed[path] = after
    if agreed:
        given = TrustGrant(workspace=workspace, granted_at=at, files=agreed)
        record_grant(given, dirs=dirs)
    else:
        remove_grant(workspace, dirs=dirs)


def agreed_digest(root: Path, path: str, *, dirs: UserDirs | None = None) -> str | None:
    """The digest of a file, relative to the root, that the person agreed to; None: to none."""
    recorded = read_record(dirs or user_dirs()).workspaces.get(str(root.resolve()))
    return recorded.files.get(path) if recorded else None


def revoke(root: Path, *, dirs: UserDirs | None = None) -> bool:
    """Forget the agreement for a workspace; whether there was one.

    Raises:
        StoreError: the record cannot be written.
    """
    return remove_grant(str(root.resolve()), dirs=dirs or user_dirs())


def grants(*, dirs: UserDirs | None = None) -> tuple[TrustGrant, ...]:
    """All recorded agreements, by path."""
    workspaces = read_record(dirs or user_dirs()).workspaces
    return tuple(workspaces[path] for path in sorted(workspaces))


@dataclass(frozen=True)
class Trusted:
    """The bytes of workspace files a person agreed to; none unless all of them stand as agreed."""

    root: Path
    digests: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, root: Path, state: TrustState) -> Trusted:
        """What a state covers."""
        files = state.files if state.state == "trusted" else ()
        return cls(root, frozenset((file.path, file.digest) for file in files))

    def covers(self, path: Path, digest: str) -> bool:
        """Whether a file with exactly these bytes is trusted."""
        if not path.is_relative_to(self.root):
            return False
        return (path.relative_to(self.root).as_posix(), digest) in self.digests


def _change(agreed: dict[str, str], path: str, digest: str) -> TrustChange:
    if path not in agreed:
        return "new"
    return "same" if agreed[path] == digest else "changed"


def _carriers(root: Path, dirs: UserDirs) -> list[tuple[str, str, tuple[str, ...]]]:
    """Path, digest and load of every file that carries something."""
    files = config.workspace_files(root)
    found: list[tuple[str, str, tuple[str, ...]]] = []
    for file in files:
        rights = _rights(file)
        if rights:
            found.append((file.path.relative_to(root).as_posix(), file.digest, rights))
    section = _own_dictionary(root)
    if section is not None:
        digest = hashlib.sha256(section.encode()).hexdigest()
        found.append((AGENTS, digest, ("dictionary: tokens, intents, style rules",)))
    # The person's own file may name a place in every workspace; what lies there is not theirs.
    naming = (read_file(dirs.config_file, "user"), *files)
    for path, kind in sorted(_protocol_files(root, naming).items()):
        digest = _digest(root / path)
        if digest is not None:
            found.append((path, digest, (kind,)))
    return found


def _rights(file: ConfigFile) -> tuple[str, ...]:
    """`key = value` for every key with rights a file sets, in any profile."""
    layers = [("", file_layer(file))]
    layers += [(f"profiles.{name}.", profile_layer(file, name)) for name in file.profiles]
    lines: list[str] = []
    for prefix, layer in layers:
        for names, entry in layer.entries.items():
            pattern = config_keys.pattern_of(names)
            if pattern is not None and config_keys.keys()[pattern].rights:
                lines.append(f"{prefix}{config_keys.dotted(names)} = {shown(entry.value)}")
    return tuple(lines)


def _own_dictionary(root: Path) -> str | None:
    """The marked section of AGENTS.md when it says something else than the packaged one."""
    try:
        text = (root / AGENTS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    section, _ = find_section(text)
    if section is None or parse_dictionary(text)[0] == packaged_dictionary():
        return None
    return text[section.start : section.end]


def _may_carry(root: Path, path: str, dirs: UserDirs) -> bool:
    """Whether a file at that path counts as a library or prompt."""
    naming = (read_file(dirs.config_file, "user"), *config.workspace_files(root))
    named = {_PROTOCOL} | _named_paths(naming, "regex_repo") | _named_paths(naming, "prompt_repo")
    return any(path == place or path.startswith(f"{place}/") for place in named)


def _protocol_files(root: Path, files: tuple[ConfigFile, ...]) -> dict[str, str]:
    """The workspace's library and prompts, by relative path, with what they are."""
    found = dict.fromkeys(_files_under(root, _PROTOCOL), "pattern library or prompt")
    for kind, key in (("pattern library", "regex_repo"), ("prompt", "prompt_repo")):
        for named in _named_paths(files, key):
            found |= dict.fromkeys(_files_under(root, named), kind)
    return found


def _named_paths(files: tuple[ConfigFile, ...], key: str) -> set[str]:
    """What `[learning] KEY` says in any table of the files, where it is below the workspace.

    A link out of it is followed: the workspace chose where it leads.
    """
    named: set[str] = set()
    for file in files:
        for layer in (file_layer(file), *(profile_layer(file, name) for name in file.profiles)):
            entry = layer.entries.get(("learning", key))
            path = PurePosixPath(str(entry.value)) if entry is not None else PurePosixPath()
            if path.parts and not path.is_absolute() and ".." not in path.parts:
                named.add(path.as_posix())
    return named


def _files_under(root: Path, relative: str) -> list[str]:
    """The file itself, or all files below the directory; links to directories are not entered."""
    start = root / relative
    if start.is_file():
        return [relative]
    found: list[str] = []
    for directory, _, names in os.walk(start, followlinks=False):
        for name in names:
            path = Path(directory, name)
            if path.is_file():
                found.append(path.relative_to(root).as_posix())
    return found


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
