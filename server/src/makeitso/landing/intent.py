"""What a landing transaction is going to do: the record that outlives a crash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from makeitso.errors import StoreError
from makeitso.landing.git_side import GitSide
from makeitso.protocol.base import Wire
from makeitso.workspace import files
from makeitso.workspace.files import OnDisk

if TYPE_CHECKING:
    from pathlib import Path


class Target(Wire):
    """One file of a transaction."""

    path: str = Field(description="Relative to the workspace, `/` separated.")
    old: str = Field(description="Fingerprint before; `absent`: not there.")
    new: str = Field(description="Fingerprint after; `absent`: deleted.")
    permissions: int | None = Field(description="Exactly, after; null: as for a new file.")
    old_permissions: int | None = Field(description="Before; null: it was not there.")
    old_bytes: int = Field(default=0, description="How many there were; they are kept in a row.")
    beside: bool = Field(
        default=False, description="The bytes to come wait beside it, on a device of its own."
    )


class Intent(Wire):
    """What a transaction is about."""

    id: str = Field(description="Name of the landing.")
    targets: tuple[Target, ...] = Field(description="In the order they are replaced.")
    git: GitSide = Field(default=GitSide(), description="What follows them in git.")
    payload: str = Field(description="The caller's own record, returned by recovery.")


@dataclass(frozen=True, kw_only=True)
class Write:
    """One file to be replaced, created (`old` None) or deleted (`new` None)."""

    path: str
    old: OnDisk | None
    new: bytes | None
    executable: bool
    permissions: int | None = None
    """Exactly, where a file is made; None: as for any new one."""

    def target(self, *, beside: bool = False) -> Target:
        """Its record in the intent."""
        permissions = self.permissions if self.old is None else None
        after: OnDisk | None = None
        if self.new is not None:
            if self.old is not None:
                permissions = self.old.permissions
                if self.old.executable != self.executable:
                    permissions = files.with_executable(permissions, executable=self.executable)
            after = OnDisk(self.new, 0o755 if self.executable else 0o644)
        return Target(
            path=self.path,
            old=files.fingerprint(self.old),
            new=files.fingerprint(after),
            permissions=permissions,
            old_permissions=self.old.permissions if self.old is not None else None,
            old_bytes=len(self.old.data) if self.old is not None else 0,
            beside=beside,
        )


def read_intent(home: Path) -> Intent:
    """The record of a transaction.

    Raises:
        StoreError: it is missing or damaged.
    """
    try:
        return Intent.model_validate_json((home / "intent.json").read_bytes())
    except (OSError, ValidationError) as error:
        raise StoreError(f"The record of the landing {home.name} cannot be read.") from error
