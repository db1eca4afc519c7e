"""Proposal files: `.makeitso/proposals/<id>.toml`, one suggested change each."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import ConfigError, MisError, NotFoundError, StoreError
from makeitso.learning.risks import risks_of
from makeitso.parsing.library import Library
from makeitso.protocol.proposal import Trial
from makeitso.store.learning_history import digest, rows, states
from makeitso.store.proposal_text import parse_proposal, proposal_text

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.proposal import Proposal, ProposalState

MAX_BYTES = 1 << 20
"""A file larger than this is no proposal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A proposal with the file it stands in."""

    proposal: Proposal
    path: Path
    digest: str
    """SHA-256 of the file, hex: whether a person edited it since it was written."""


def path_of(folder: Path, name: str) -> Path:
    """The file of a proposal id."""
    return folder / f"{name}.toml"


def write(folder: Path, proposal: Proposal) -> Stored:
    """Write a proposal's file anew, on the disk when this returns; the folder is made if missing.

    Raises:
        StoreError: it cannot be written.
    """
    data = proposal_text(proposal).encode()
    path = path_of(folder, proposal.id)
    temporary = folder / f".{proposal.id}.{os.getpid()}.new"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _failed(path, error) from error
    return Stored(proposal=proposal, path=path, digest=digest(data))


def read(path: Path) -> Stored:
    """Read a proposal file.

    Raises:
        NotFoundError: there is none.
        ConfigError: it is no proposal, or not the one its name says; `data` says where.
        StoreError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise NotFoundError(
            f"there is no proposal {path.stem}", hint="`mis approve --proposals` lists them"
        ) from error
    except OSError as error:
        raise _failed(path, error) from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: {error}", hint="Save it as UTF-8.") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path} is larger than a proposal can be", hint="Remove it.")
    proposal = parse_proposal(text, where=str(path))
    if proposal.id != path.stem:
        raise ConfigError(
            f"{path} says it is {proposal.id}", hint="Name the file as its id, or the other way."
        )
    return Stored(proposal=proposal, path=path, digest=digest(data))


def kept(folder: Path) -> tuple[list[Stored], list[MisError]]:
    """All proposals of a folder by time and id, and what is wrong with files that are none."""
    found: list[Stored] = []
    wrong: list[MisError] = []
    for path in sorted(folder.glob("*.toml")):
        if path.name.startswith("."):
            continue
        try:
            found.append(read(path))
        except MisError as error:
            wrong.append(error)
    return sorted(found, key=lambda s: (s.proposal.created_at, s.proposal.id)), wrong


def state_of(name: str, known: dict[str, ProposalState]) -> ProposalState:
    """Where a proposal stands; one that nobody decided about is open."""
    return known.get(name, "open")


def open_patterns(folder: Path) -> tuple[Trial, ...]:
    """Patterns that runs try: of open proposals and of those on canary.

    What cannot be read is left out; `mis approve --proposals` says what is wrong with it. A
    pattern with a reason why a person must decide never acts, whatever the history says.
    """
    if not folder.is_dir():
        return ()
    try:
        known = states(rows(folder))
    except MisError:
        known = {}
    found: list[Trial] = []
    for stored in kept(folder)[0]:
        proposal = stored.proposal
        state = state_of(proposal.id, known)
        if proposal.pattern is None or state not in ("open", "canary"):
            continue
        risky = proposal.risks or risks_of(proposal.pattern, Library(), replaces=proposal.replaces)
        canary = state == "canary" and not risky
        found.append(Trial(id=proposal.id, entry=proposal.pattern, canary=canary))
    return tuple(found)


def _failed(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path}: {error.strerror or error}",
        hint="Check the permissions and the free space there.",
        data={"path": str(path)},
    )
