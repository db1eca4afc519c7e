"""Several files replaced together: after a crash anywhere, all are old or all are new.

A transaction is a directory `.makeitso/landing/<id>/`:

    intent.json   what is to be written, with fingerprints of old and new
    old           bytes of all files that are replaced or deleted, in a row
    new-<n>       bytes of each file to come (beside the target when on another file system)
    go            the commit point: from here on recovery rolls forward
    abort         a rename failed: from here on recovery rolls back
    done          all targets are new

What is to change in git (git_side.py) goes the same way: the index is locked, with its new content,
before the commit point, and replaced after the files.

The directory stays until the caller has recorded the outcome and calls `forget`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from typing import TYPE_CHECKING

from makeitso.errors import ConflictError, EnvironmentFault, MisError, StateError, StoreError
from makeitso.landing import git_side
from makeitso.landing.git_side import GitSide
from makeitso.landing.intent import Intent, read_intent
from makeitso.workspace import files
from makeitso.workspace.flushing import flush

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from makeitso.landing.intent import Target, Write
    from makeitso.workspace.files import OnDisk

DIRECTORY = ".makeitso/landing"
_PLAIN, _EXECUTABLE = 0o666, 0o777
"""Permissions a new file asks for; the umask takes its share."""


def stage(
    root: Path,
    writes: Sequence[Write],
    *,
    id: str,  # noqa: A002 -- the field's word
    payload: str,
    fault: Callable[[str], None],
    git: GitSide | None = None,
) -> Path:
    """Put everything on disk except at its place, and check that nothing has changed since.

    Raises:
        ConflictError: a file is not what `old` says.
        StoreError: the disk is full or not writable; nothing is left behind.
        StateError: a landing of this id is on disk.
    """
    home = root / DIRECTORY / id
    try:
        home.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        raise StateError(f"There is a landing {id} already.") from error
    except OSError as error:
        raise _store_error(error) from error
    try:
        fault("landing.intent")
        elsewhere = _on_other_devices(root, home, [write.path for write in writes])
        targets = tuple(write.target(beside=write.path in elsewhere) for write in writes)
        intent = Intent(id=id, targets=targets, git=git or GitSide(), payload=payload)
        written = [home / "old"]
        old = b"".join([write.old.data for write in writes if write.old is not None])
        _store(written[0], old, permissions=0o600, flushed=False)
        _store(home / "intent.json", intent.model_dump_json().encode(), permissions=0o600)
        for number, write in enumerate(writes):
            fault("landing.temp")
            if write.new is not None:
                written.append(_store_new(root, home, number, intent.targets[number], write.new))
        flush(written)
        _sync(home)
        fault("landing.check")
        check(root, intent)
    except OSError as error:
        drop(root, home)
        raise _store_error(error) from error
    except ConflictError:
        drop(root, home)
        raise
    return home


def check(root: Path, intent: Intent) -> None:
    """Compare every target with what it was.

    Raises:
        ConflictError: one of them has changed, or cannot be reached safely any more.
    """
    for target in intent.targets:
        if files.fingerprint(files.read(root, target.path)) != target.old:
            raise ConflictError(
                f"{target.path} was changed while its hunks were landing; nothing was written.",
                hint="Land again: it will be merged with.",
                data={"path": target.path},
            )


def finish(root: Path, home: Path, *, fault: Callable[[str], None]) -> None:
    """Pass the commit point and replace the files; on failure put the old ones back.

    Raises:
        ConflictError: a file changed at the last moment; nothing stays written.
        StoreError: a file could not be replaced; nothing stays written.
    """
    intent = read_intent(home)
    if intent.git.index:
        try:
            git_side.lock(root, intent.id, intent.git)
        except MisError:
            drop(root, home)
            raise
        fault("landing.locked")
    fault("landing.commit")
    _store(home / "go", b"", permissions=0o600)
    _sync(home)
    try:
        _replace_all(root, home, intent, fault=fault)
        git_side.publish(root, intent.id, intent.git, fault=fault)
    except (OSError, ConflictError, EnvironmentFault) as error:
        (home / "go").rename(home / "abort")
        _sync(home)
        roll_back(root, home, intent)
        if isinstance(error, OSError):
            raise _store_error(error) from error
        raise
    fault("landing.done")
    _store(home / "done", b"", permissions=0o600)
    _sync(home)


def roll_forward(root: Path, home: Path, intent: Intent, *, fault: Callable[[str], None]) -> None:
    """Replace what is still old, after a crash past the commit point."""
    _replace_all(root, home, intent, fault=fault)
    git_side.publish(root, intent.id, intent.git, fault=fault)
    with contextlib.suppress(FileExistsError):
        _store(home / "done", b"", permissions=0o600)
    _sync(home)


def roll_back(root: Path, home: Path, intent: Intent) -> None:
    """Put back the old bytes of every target that is already new, and drop the transaction."""
    old = _old_bytes(home, intent)
    for number, target in enumerate(intent.targets):
        present = files.fingerprint(files.read(root, target.path))
        if present != target.new or target.new == target.old:
            continue
        with files.parent(root, target.path, create=True) as (directory, name):
            if target.old == files.ABSENT:
                os.unlink(name, dir_fd=directory)
            else:
                temp = _beside(intent.id, number, "back")
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temp, dir_fd=directory)
                files.write_new(
                    directory,
                    temp,
                    old[number],
                    permissions=target.old_permissions or _PLAIN,
                    exact=target.old_permissions is not None,
                )
                os.rename(temp, name, src_dir_fd=directory, dst_dir_fd=directory)
            os.fsync(directory)
    drop(root, home)


def drop(root: Path, home: Path) -> None:
    """Remove a transaction and its temporary files, whatever state it is in."""
    with contextlib.suppress(StoreError):
        intent = read_intent(home)
        for number, target in enumerate(intent.targets):
            if not target.beside:
                continue
            with (
                contextlib.suppress(OSError, ConflictError),
                files.parent(root, target.path) as (directory, _),
            ):
                os.unlink(_beside(intent.id, number, "new"), dir_fd=directory)
        git_side.release(root, intent.id, intent.git)
    shutil.rmtree(home, ignore_errors=True)


def has_new(root: Path, home: Path, intent: Intent, number: int) -> bool:
    """Whether the bytes to come are still there to be put in place, complete."""
    target = intent.targets[number]
    if target.new == files.ABSENT:
        return True
    found = _find_new(root, home, intent, number)
    return found is not None and files.fingerprint(found)[:-1] == target.new[:-1]


def _replace_all(root: Path, home: Path, intent: Intent, *, fault: Callable[[str], None]) -> None:
    touched: dict[str, str] = {}
    for number, target in enumerate(intent.targets):
        fault("landing.rename")
        if target.new == files.ABSENT and files.read(root, target.path) is None:
            continue  # deleted before a crash, maybe with its directory
        with files.parent(root, target.path, create=target.new != files.ABSENT) as (
            directory,
            name,
        ):
            present = files.fingerprint(files.read_at(directory, name, path=target.path))
            if present == target.new:
                continue
            if present != target.old:
                raise ConflictError(
                    f"{target.path} was changed while its hunks were landing; nothing was written.",
                    hint="Land again: it will be merged with.",
                    data={"path": target.path},
                )
            if target.new == files.ABSENT:
                os.unlink(name, dir_fd=directory)
            else:
                beside = _beside(intent.id, number, "new")
                if target.beside:
                    os.rename(beside, name, src_dir_fd=directory, dst_dir_fd=directory)
                else:
                    os.rename(home / f"new-{number}", name, dst_dir_fd=directory)
            touched.setdefault(target.path.rpartition("/")[0], target.path)
            fault("landing.sync")
    for path in touched.values():  # once a directory: what is renamed is renamed until then, too
        with files.parent(root, path) as (directory, _):
            os.fsync(directory)
    for target in intent.targets:
        if target.new == files.ABSENT:
            _remove_empty_parents(root, target.path)


def _remove_empty_parents(root: Path, path: str) -> None:
    """As git does after a deletion: directories that hold nothing any more go."""
    above = path.rpartition("/")[0]
    with contextlib.suppress(OSError, ConflictError):
        while above:
            with files.parent(root, above) as (directory, name):
                os.rmdir(name, dir_fd=directory)
            above = above.rpartition("/")[0]


def _store_new(root: Path, home: Path, number: int, target: Target, data: bytes) -> Path:
    """Write the bytes to come into the transaction, or beside the target on another device.

    Returns:
        Where they are, yet to be flushed.
    """
    permissions = target.permissions
    if permissions is None:
        permissions = _EXECUTABLE if target.new.endswith("x") else _PLAIN
    exact = target.permissions is not None
    if target.beside:
        with files.parent(root, target.path) as (directory, _):
            temp = _beside(home.name, number, "new")
            files.write_new(
                directory, temp, data, permissions=permissions, exact=exact, flushed=False
            )
        return (root / target.path).with_name(temp)
    _store(home / f"new-{number}", data, permissions=permissions, exact=exact, flushed=False)
    return home / f"new-{number}"


def _find_new(root: Path, home: Path, intent: Intent, number: int) -> OnDisk | None:
    target = intent.targets[number]
    if not target.beside:
        return files.read(home, f"new-{number}")
    with (
        contextlib.suppress(FileNotFoundError, ConflictError),
        files.parent(root, target.path) as (directory, _),
    ):
        return files.read_at(directory, _beside(intent.id, number, "new"), path=target.path)
    return None


def _on_other_devices(root: Path, home: Path, paths: Iterable[str]) -> set[str]:
    """Those to which nothing can be renamed from where the transaction is.

    A directory that is yet to be made will be on the device of the one above it.
    """
    here = home.stat().st_dev
    known: dict[str, bool] = {}
    found: set[str] = set()
    for path in paths:
        above = path.rpartition("/")[0]
        if above not in known:
            known[above] = False
            with (
                contextlib.suppress(FileNotFoundError, ConflictError),
                files.parent(root, path) as (directory, _),
            ):
                known[above] = os.fstat(directory).st_dev != here
        if known[above]:
            found.add(path)
    return found


def _old_bytes(home: Path, intent: Intent) -> list[bytes]:
    """What each target held, as it was kept."""
    kept = (home / "old").read_bytes()
    found: list[bytes] = []
    at = 0
    for target in intent.targets:
        found.append(kept[at : at + target.old_bytes])
        at += target.old_bytes
    return found


def _beside(id: str, number: int, kind: str) -> str:  # noqa: A002 -- the field's word
    return f".makeitso-{id}-{number}.{kind}"


def _store(
    path: Path, data: bytes, *, permissions: int, exact: bool = False, flushed: bool = True
) -> None:
    with files.parent(path.parent, path.name) as (directory, name):
        files.write_new(
            directory, name, data, permissions=permissions, exact=exact, flushed=flushed
        )


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _store_error(error: OSError) -> StoreError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return StoreError(
        f"The accepted hunks could not be written: {error.strerror}. Nothing was changed.",
        hint="Free some disk space and land again." if full else "Make the files writable.",
    )
