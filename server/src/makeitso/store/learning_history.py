"""What became of proposals: rows that are appended and never changed, and the texts they speak of.

A row is one line of JSON, on the disk before anything follows from it. Texts of files before and
after are kept by their digest, so that a change can be taken back to the byte.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic import ValidationError

from makeitso.errors import ConfigError, StoreError
from makeitso.protocol.proposal import ProposalRow

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from makeitso.protocol.proposal import ProposalState

HISTORY = "history.jsonl"
TEXTS = "texts"
LOCK = "lock"
NO_TEXT = ""
"""Stands for the digest of a file that is not there."""

_STATES: dict[str, ProposalState] = {
    "proposed": "open",
    "canary": "canary",
    "applied": "applied",
    "denied": "denied",
    "rolled-back": "rolled-back",
    "superseded": "superseded",
}
_BEGUN = frozenset({"applying", "rolling-back"})


def digest(data: bytes) -> str:
    """The name of a text: its SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Be the only one who decides about the proposals of a folder, which is made if missing.

    Raises:
        StoreError: it cannot be made or locked.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _failed(folder, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def rows(folder: Path) -> tuple[ProposalRow, ...]:
    """The history, oldest first. A line that a killed process left half written is left out.

    Raises:
        ConfigError: a whole line is no row.
        StoreError: it cannot be read.
    """
    path = folder / HISTORY
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _failed(path, error) from error
    found: list[ProposalRow] = []
    for number, line in enumerate(lines, 1):
        try:
            value: object = json.loads(line)
        except (ValueError, RecursionError):
            continue
        try:
            found.append(ProposalRow.model_validate(value))
        except ValidationError as error:
            wrong = error.errors()[0]
            raise ConfigError(
                f"{path}:{number}: no row of the history: {wrong['msg']}",
                hint="Take that line out; the others stand for themselves.",
                data={"path": str(path), "line": number},
            ) from error
    return tuple(found)


def append(folder: Path, row: ProposalRow) -> None:
    """Add a row; it is on the disk when this returns. The caller holds the lock.

    Raises:
        StoreError: it cannot be written.
    """
    path = folder / HISTORY
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            text = ("\n" if torn else "") + row.model_dump_json(exclude_defaults=True) + "\n"
            _write_all(handle, text.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        if not size:
            _sync_folder(folder)
    except OSError as error:
        raise _failed(path, error) from error


def keep_text(folder: Path, data: bytes | None) -> str:
    """Keep a text of a file; returns its digest, which is empty for a file that is not there.

    Raises:
        StoreError: it cannot be written.
    """
    if data is None:
        return NO_TEXT
    name = digest(data)
    path = folder / TEXTS / name
    if path.exists():
        return name
    temporary = path.with_suffix(f".{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _failed(path, error) from error
    return name


def kept_text(folder: Path, name: str) -> bytes | None:
    """The text of a digest; None for the digest of no file.

    Raises:
        StoreError: it is not there, or is not what its name says.
    """
    if name == NO_TEXT:
        return None
    path = folder / TEXTS / name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _failed(path, error) from error
    if digest(data) != name:
        raise StoreError(
            f"{path} is not the text its name says",
            hint="Put the library right by hand; `mis learn --history` says what was changed.",
            data={"path": str(path)},
        )
    return data


def states(history: Iterable[ProposalRow]) -> dict[str, ProposalState]:
    """Where each proposal stands that has a row; what was begun and given up changes nothing."""
    found: dict[str, ProposalState] = {}
    for row in history:
        state = _STATES.get(row.action)
        if state is not None:
            found[row.id] = state
    return found


def unfinished(history: Iterable[ProposalRow]) -> list[ProposalRow]:
    """Rows that begin a change of a file which no later row of that proposal ends."""
    begun: dict[str, ProposalRow] = {}
    for row in history:
        if row.action in _BEGUN:
            begun[row.id] = row
        else:
            begun.pop(row.id, None)
    return list(begun.values())


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failed(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path}: {error.strerror or error}",
        hint="Check the permissions and the free space there.",
        data={"path": str(path)},
    )
