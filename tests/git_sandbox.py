"""Real git repositories for tests, free of the configuration of the machine they run on."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


@contextmanager
def environment() -> Generator[None]:
    """Let every git that this process starts be one without settings of a person or a machine."""
    with mock.patch.dict(os.environ, ENVIRONMENT):
        yield


@dataclass(frozen=True)
class Sandbox:
    """A repository and the person's git in it."""

    root: Path

    def git(
        self, *args: str | bytes, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> bytes:
        done = subprocess.run(
            ["git", *args],
            cwd=self.root,
            input=stdin,
            capture_output=True,
            check=False,
            env={**os.environ, **ENVIRONMENT, **(env or {})},
        )
        assert done.returncode == 0, (args, done.stderr.decode("utf-8", "replace"))
        return done.stdout

    def text(self, *args: str) -> str:
        return self.git(*args).decode("utf-8").strip()

    def write(self, path: str | bytes, data: bytes, *, executable: bool = False) -> Path:
        target = self.root / os.fsdecode(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        target.chmod(0o755 if executable else 0o644)
        return target

    def commit(self, message: str = "c") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.text("rev-parse", "HEAD")

    def state(self) -> dict[str, bytes]:
        """What a run must never touch: index, HEAD, branches, stash, and the look of the files."""
        return {
            "index": self.git("ls-files", "--stage", "-v"),
            "head": (self.root / ".git" / "HEAD").read_bytes(),
            "refs": self.git("for-each-ref", "refs/heads", "refs/tags", "refs/stash"),
            "status": self.git("status", "--porcelain=v2", "-z", "--untracked-files=all"),
        }


def make(root: Path, *, branch: str = "main") -> Sandbox:
    """An empty repository with an unborn branch."""
    root.mkdir(parents=True, exist_ok=True)
    box = Sandbox(root)
    box.git("init", "-q", "-b", branch)
    return box
