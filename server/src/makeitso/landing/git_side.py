"""What of a landing is git's: entries of the index, and a branch that goes to a new commit.

Both are prepared before the commit point of the transaction (the index is locked, the commit made)
and published after it, the ref first: with the index locked no other git commits meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from makeitso.errors import ConflictError
from makeitso.protocol.base import Wire
from makeitso.workspace import index_file, person_commit
from makeitso.workspace.git import open_repository
from makeitso.workspace.trees import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from makeitso.workspace.git import Repository

State = Literal["old", "new", "other"]


class Staged(Wire):
    """One path of the index."""

    path: str = Field(description="Relative to the workspace, `/` separated.")
    old: tuple[str, str] | None = Field(description="Mode and blob before; null: not there.")
    new: tuple[str, str] | None = Field(description="Mode and blob after; null: taken out.")


class Moved(Wire):
    """A ref that goes to a new commit."""

    ref: str = Field(description="Full name, or HEAD for what is checked out.")
    old: str | None = Field(description="Commit before; null: there was none.")
    new: str = Field(description="Commit after.")
    reason: str = Field(description="For its log.")


class GitSide(Wire):
    """Both."""

    index: tuple[Staged, ...] = Field(default=(), description="Entries that change.")
    ref: Moved | None = Field(default=None, description="The ref that moves; null: none.")


def staged(
    present: Mapping[str, Entry | None], changed: Mapping[str, Entry | None]
) -> tuple[Staged, ...]:
    """The record of entries that change, from what is there now and what is to be."""
    return tuple(
        Staged(path=path, old=_pair(present.get(path)), new=_pair(entry))
        for path, entry in changed.items()
        if present.get(path) != entry
    )


def lock(root: Path, name: str, side: GitSide) -> None:
    """Hold the index, with its new content, until `publish` or `release`.

    Raises:
        ConflictError: it is not what it was, or another git holds it.
        EnvironmentFault: git failed.
    """
    if side.index:
        _lock(open_repository(root), name, side)


def publish(root: Path, name: str, side: GitSide, *, fault: Callable[[str], None]) -> None:
    """Move the ref and let the new index be the index; what is done already is left.

    Raises:
        ConflictError: the ref is elsewhere now.
        EnvironmentFault: git failed.
    """
    if side.ref is None and not side.index:
        return
    repo = open_repository(root)
    if side.ref is not None and _ref_state(repo, side.ref) != "new":
        fault("landing.ref")
        moved = side.ref
        if not person_commit.move_ref(
            repo, moved.ref, old=moved.old, new=moved.new, reason=moved.reason
        ):
            raise ConflictError(
                f"{moved.ref} moved on while hunks were landing; nothing was written.",
                hint="Land again: it will be committed on top.",
            )
    if side.index and _index_state(repo, name, side) != "new":
        if not index_file.locked(repo, name):
            _lock(repo, name, side)
        fault("landing.index")
        index_file.publish(repo, name)


def release(root: Path, name: str, side: GitSide) -> None:
    """Give the index free again if it is held."""
    if side.index:
        index_file.release(open_repository(root), name)


def states(root: Path, name: str, side: GitSide) -> list[State]:
    """How far it came, after a crash: each of the two that there is."""
    if side.ref is None and not side.index:
        return []
    repo = open_repository(root)
    found: list[State] = []
    if side.ref is not None:
        found.append(_ref_state(repo, side.ref))
    if side.index:
        found.append(_index_state(repo, name, side))
    return found


def _lock(repo: Repository, name: str, side: GitSide) -> None:
    index_file.lock(
        repo,
        name,
        old={one.path: _entry(one.old) for one in side.index},
        new={one.path: _entry(one.new) for one in side.index},
    )


def _ref_state(repo: Repository, moved: Moved) -> State:
    now = person_commit.commit_at(repo, moved.ref)
    if now == moved.old:
        return "old"
    if now is not None and person_commit.contains(repo, moved.new, in_=now):
        return "new"
    return "other"


def _index_state(repo: Repository, name: str, side: GitSide) -> State:
    if index_file.published(repo, name):
        return "new"
    if index_file.locked(repo, name):
        return "old"
    present = index_file.read(repo)
    if all(present.get(one.path) == _entry(one.new) for one in side.index):
        return "new"
    if all(present.get(one.path) == _entry(one.old) for one in side.index):
        return "old"
    return "other"


def _pair(entry: Entry | None) -> tuple[str, str] | None:
    return (entry.mode, entry.blob) if entry is not None else None


def _entry(pair: tuple[str, str] | None) -> Entry | None:
    return Entry(*pair) if pair is not None else None
