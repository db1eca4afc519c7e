"""The proposals of a workspace as they stand, looked at again whenever their folder changed.

They come from terminals and from runs, too, so the folder is looked at, and not only what is asked
here. Nothing is written: who decides something mends what a killed process left.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import MisError
from makeitso.protocol.notifications import ProposalChangedNotification
from makeitso.store.learning_history import rows, states
from makeitso.store.proposals import kept, state_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from makeitso.lsp.server import Server
    from makeitso.protocol.proposal import Proposal, ProposalState
    from makeitso.requests.place import Workplace

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A proposal as it stands.

    Attributes:
        proposal: what its file says.
        state: what became of it.
        path: its file.
        digest: SHA-256 of the file, hex.
    """

    proposal: Proposal
    state: ProposalState
    path: Path
    digest: str

    @property
    def waits(self) -> bool:
        """Whether a person can still decide about it."""
        return self.state in ("open", "canary")


class ProposalWatch:
    """The proposals of the workspace.

    Args:
        server: the connection.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._seen: object = None
        self.known: Mapping[str, Standing] = {}
        """By id."""

    async def look(self, at: Workplace) -> None:
        """Take in what changed, and tell the client; cheap where nothing did."""
        seen = _signature(at.bridge.dot.proposals)
        if seen == self._seen:
            return
        first, self._seen = self._seen is None, seen
        before, self.known = self.known, await to_thread.run_sync(_read, at.bridge.dot.proposals)
        moved = [
            name
            for name in (*before, *(n for n in self.known if n not in before))
            if _mark(before.get(name)) != _mark(self.known.get(name))
        ]
        if not first:
            at.bridge.reload()  # a library that was changed is agreed to by another digest
            for name in moved:
                self._server.notify("mis/proposal/changed", ProposalChangedNotification(id=name))
        if moved:
            self._server.session.stale()


def _signature(folder: Path) -> tuple[tuple[str, int, int], ...]:
    try:
        with os.scandir(folder) as found:
            return tuple(
                sorted(
                    (entry.name, about.st_mtime_ns, about.st_size)
                    for entry in found
                    if entry.is_file() and (about := entry.stat())
                )
            )
    except OSError:
        return ()


def _read(folder: Path) -> dict[str, Standing]:
    if not folder.is_dir():
        return {}
    try:
        states_of = states(rows(folder))
    except MisError as error:  # whoever decides is told so
        log.info("proposals.unread", extra={"why": error.message})
        states_of = {}
    return {
        one.proposal.id: Standing(
            proposal=one.proposal,
            state=state_of(one.proposal.id, states_of),
            path=one.path,
            digest=one.digest,
        )
        for one in kept(folder)[0]
    }


def _mark(standing: Standing | None) -> object:
    return standing and (standing.digest, standing.state)
