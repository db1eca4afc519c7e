"""Where things live: the workspace root, its `.makeitso/` directory, the person's own directories.

Nothing here creates a directory unless its name says so (`ensure_*`, `private_dir`).
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import platformdirs

from makeitso.errors import StoreError, UsageError

APP = "makeitso"
DOT = ".makeitso"

GITIGNORE = """\
# Written by makeitso. Plans, settings and the protocol may be committed; all else stays here.
/*
!/.gitignore
!/config.toml
!/plans/
!/protocol/
"""


@dataclass(frozen=True)
class UserDirs:
    """The person's own directories of this program; they may not exist yet."""

    config: Path
    state: Path

    @property
    def config_file(self) -> Path:
        """The person's `config.toml`."""
        return self.config / "config.toml"

    @property
    def rules_file(self) -> Path:
        """The person's stored rules about commands."""
        return self.config / "rules.toml"

    @property
    def trust_file(self) -> Path:
        """Which workspaces the person trusts, by digest."""
        return self.state / "trust.json"

    @property
    def logs(self) -> Path:
        """Where tracebacks of unexpected errors go."""
        return self.state / "logs"


def user_dirs() -> UserDirs:
    """The person's directories: XDG variables first on every system, else the system's custom."""
    return UserDirs(
        config=_xdg("XDG_CONFIG_HOME") or platformdirs.user_config_path(APP, appauthor=False),
        state=_xdg("XDG_STATE_HOME") or platformdirs.user_state_path(APP, appauthor=False),
    )


def user_cache() -> Path:
    """Where the person's programs keep what they can make anew."""
    return _xdg("XDG_CACHE_HOME") or platformdirs.user_cache_path(APP, appauthor=False)


def _xdg(variable: str) -> Path | None:
    # The XDG specification says that a relative value is invalid and to be ignored.
    value = os.environ.get(variable, "")
    return Path(value) / APP if value and Path(value).is_absolute() else None


@dataclass(frozen=True)
class DotMakeitso:
    """The layout of `<root>/.makeitso/`."""

    root: Path

    @property
    def path(self) -> Path:
        """The directory itself."""
        return self.root / DOT

    @property
    def gitignore(self) -> Path:
        """Its own `.gitignore`; the workspace's is never touched."""
        return self.path / ".gitignore"

    @property
    def config(self) -> Path:
        """The workspace's settings."""
        return self.path / "config.toml"

    @property
    def journal(self) -> Path:
        """The journal, an SQLite database."""
        return self.path / "journal.db"

    @property
    def owner_lock(self) -> Path:
        """The lock of the one process that acts."""
        return self.path / "owner.lock"

    @property
    def plans(self) -> Path:
        """Plan documents."""
        return self.path / "plans"

    @property
    def protocol(self) -> Path:
        """The workspace's pattern library and prompts."""
        return self.path / "protocol"

    @property
    def artifacts(self) -> Path:
        """Outputs, patches and summaries, unless the config names another place."""
        return self.path / "artifacts"

    @property
    def replays(self) -> Path:
        """Kept output that learning is proved on, unless the config names another place."""
        return self.path / "replays"

    @property
    def review(self) -> Path:
        """Review documents."""
        return self.path / "review"

    @property
    def editors(self) -> Path:
        """What each language server has open."""
        return self.path / "editors"

    @property
    def proposals(self) -> Path:
        """Proposed changes to library and prompts."""
        return self.path / "proposals"

    @property
    def landing(self) -> Path:
        """Landings under way: what is to be written, and what was there."""
        return self.path / "landing"


@dataclass(frozen=True)
class WorkspaceState:
    """Directories outside the repository that belong to one workspace.

    `tmp`, `codex` and `worktrees` are siblings: Codex's sandbox breaks when its home lies under
    the TMPDIR it is given (measured with codex 0.163 and 0.169), so the temporary directory of a
    worker is never an ancestor of a Codex home.
    """

    path: Path

    @property
    def worktrees(self) -> Path:
        """Git worktrees, one a task."""
        return self.path / "worktrees"

    @property
    def codex(self) -> Path:
        """Codex homes, one a run or task."""
        return self.path / "codex"

    @property
    def tmp(self) -> Path:
        """Temporary directories of workers."""
        return self.path / "tmp"

    @property
    def setups(self) -> Path:
        """What set-up commands made, by what it follows from."""
        return self.path / "setups"


def workspace_state(root: Path, *, dirs: UserDirs | None = None) -> WorkspaceState:
    """The state directory of a workspace: named by the digest of its real path."""
    digest = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    return WorkspaceState((dirs or user_dirs()).state / digest)


def private_dir(path: Path) -> Path:
    """Create a directory, and those above it that are missing, for this user alone (0700).

    Raises:
        StoreError: it cannot be created.
    """
    try:
        # mkdir(parents=True) would give the missing parents the umask's mode, not ours.
        for missing in reversed([p for p in (path, *path.parents) if not p.exists()]):
            missing.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot create {path}: {error.strerror or error}",
            hint="Check the permissions and the free space there.",
            data={"path": str(path)},
        ) from error
    return path


def find_root(start: Path | None = None) -> Path:
    """The workspace that `start` (default: the current directory) lies in.

    The nearest directory upwards with a `.makeitso/`, else the top level of the git repository,
    else `start`. The home directory and what is above it count only when started there, and a
    `.makeitso` that belongs to another user never does: it would configure what runs here.

    Raises:
        UsageError: `start` is not a directory.
    """
    place = (start or Path.cwd()).absolute()
    if not place.is_dir():
        raise UsageError(
            f"no such directory: {place}", hint="Name an existing directory with -C.", data={}
        )
    place = place.resolve()
    candidates = _upwards(place)
    for directory in candidates:
        if _is_own_dot(directory / DOT):
            return directory
    for directory in candidates:
        if (directory / ".git").exists():
            return directory
    return place


def _upwards(place: Path) -> list[Path]:
    barred = {Path.home().resolve(), *Path.home().resolve().parents}
    return [place, *(parent for parent in place.parents if parent not in barred)]


def _is_own_dot(path: Path) -> bool:
    try:
        return path.is_dir() and path.lstat().st_uid in {os.getuid(), 0}
    except OSError:
        return False


def checked_dot(root: Path) -> DotMakeitso:
    """The layout of a workspace's `.makeitso/`, which need not be there yet.

    Raises:
        UsageError: it is a symbolic link or a file.
    """
    dot = DotMakeitso(root)
    if dot.path.is_symlink() or (dot.path.exists() and not dot.path.is_dir()):
        # A repository could commit a link here and have our files written wherever it points.
        raise UsageError(
            f"{dot.path} is not a directory",
            hint="Remove it; makeitso keeps its files in a real directory of that name.",
            data={"path": str(dot.path)},
        )
    return dot


def ensure_dot_makeitso(root: Path) -> DotMakeitso:
    """Create `.makeitso/` with its `.gitignore` and `plans/`, leaving what exists as it is.

    Raises:
        UsageError: `.makeitso` is a symbolic link or a file.
        StoreError: it cannot be written.
    """
    dot = checked_dot(root)
    private_dir(dot.path)
    private_dir(dot.plans)
    try:
        with dot.gitignore.open("x", encoding="utf-8") as file:
            file.write(GITIGNORE)
    except FileExistsError:
        pass
    except OSError as error:
        raise StoreError(
            f"cannot write {dot.gitignore}: {error.strerror or error}",
            hint="Check the permissions and the free space there.",
            data={"path": str(dot.gitignore)},
        ) from error
    return dot


def stays_inside(root: Path, text: str) -> bool:
    """Whether a path a file of the workspace names is relative and, links followed, inside it."""
    path = PurePosixPath(text)
    if not text or path.is_absolute() or ".." in path.parts or text.startswith("~"):
        return False
    return (root / path).resolve().is_relative_to(root.resolve())
