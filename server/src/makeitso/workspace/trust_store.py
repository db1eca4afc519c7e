"""The record of what a person agreed to: `trust.json` in their own state directory.

Read by anybody, written under a lock, replaced as a whole, readable by its owner alone. A record
that cannot be read, or that is not the person's own file, trusts nothing.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from makeitso.errors import StoreError
from makeitso.protocol.trust import TrustGrant
from makeitso.workspace.atomic import replace_file
from makeitso.workspace.paths import UserDirs, private_dir

if TYPE_CHECKING:
    from collections.abc import Generator


class TrustRecord(BaseModel):
    """The file as stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    workspaces: dict[str, TrustGrant] = Field(
        default_factory=dict[str, TrustGrant], description="Grants by real path."
    )


def read_record(dirs: UserDirs) -> TrustRecord:
    """What is recorded; nothing when there is no usable record."""
    try:
        with dirs.trust_file.open("rb") as file:
            if os.fstat(file.fileno()).st_uid != os.getuid():
                return TrustRecord()
            return TrustRecord.model_validate_json(file.read())
    except (OSError, ValidationError):
        return TrustRecord()


def record_grant(grant: TrustGrant, *, dirs: UserDirs) -> None:
    """Record a grant in place of an earlier one for the same workspace.

    Raises:
        StoreError: the record cannot be written.
    """
    with _locked(dirs):
        workspaces = {**read_record(dirs).workspaces, grant.workspace: grant}
        _write(TrustRecord(workspaces=workspaces), dirs)


def remove_grant(workspace: str, *, dirs: UserDirs) -> bool:
    """Forget a workspace; whether there was anything to forget.

    Raises:
        StoreError: the record cannot be written.
    """
    with _locked(dirs):
        workspaces = dict(read_record(dirs).workspaces)
        if workspaces.pop(workspace, None) is None:
            return False
        _write(TrustRecord(workspaces=workspaces), dirs)
        return True


def _write(record: TrustRecord, dirs: UserDirs) -> None:
    text = record.model_dump_json(indent=2) + "\n"
    replace_file(dirs.trust_file, text.encode(), mode=0o600)


@contextmanager
def _locked(dirs: UserDirs) -> Generator[None]:
    private_dir(dirs.state)
    path = dirs.trust_file.with_suffix(".lock")
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"cannot lock {path}: {error.strerror or error}",
            hint="Check the permissions there.",
            data={"path": str(path)},
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
