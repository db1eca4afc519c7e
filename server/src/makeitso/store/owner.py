"""One engine a workspace: an OS lock that dies with its process, and who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from makeitso.errors import StateError, StoreError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@dataclass(frozen=True)
class Owner:
    """The process that drives runs in a workspace."""

    pid: int
    start_time: float
    door: str


def _read(path: Path) -> Owner | None:
    try:
        found = json.loads(path.read_text("utf-8"))
        return Owner(int(found["pid"]), float(found["start_time"]), str(found["door"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def current(path: Path) -> Owner | None:
    """Who holds the lock, or None.

    Looks through a shared lock, so that two who look at once do not take each other for an owner.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(path) or Owner(0, 0.0, "unknown")
    else:
        return None
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    # `current` holds a shared lock for an instant; a few tries tell that from an owner.
    for attempt in range(6):
        if attempt:
            time.sleep(0.02)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return True
    return False


@contextmanager
def own(path: Path, *, door: str) -> Generator[None]:
    """Hold the lock for the duration; the file stays, the lock goes with the process.

    Raises:
        StateError: another live process holds it; the message names it.
        StoreError: the lock file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"cannot open the lock {path}: {error}") from error
    try:
        start = (
            psutil.Process().create_time()
        )  # before the lock: whoever looks wants our name in it
        if not _take(descriptor):
            owner = _read(path)
            who = f"process {owner.pid} ({owner.door})" if owner else "another process"
            raise StateError(
                f"{who} is already working in this workspace",
                hint="watch it with `mis status`, answer it with `mis approve` and `mis review`, "
                "or end it with `mis stop`",
                data={"pid": owner.pid if owner else None},
            )
        text = json.dumps({"pid": os.getpid(), "start_time": start, "door": door})
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)
        yield
    finally:
        os.close(descriptor)
