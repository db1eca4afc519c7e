"""What a person at a terminal is told first: what happened since they last looked."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from makeitso.errors import StoreError
from makeitso.journal.away import while_away
from makeitso.workspace.seen import last_seen, remember

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.wiring import Bridge


def tell_what_happened(bridge: Bridge, console: Console) -> None:
    """Say it in at most five lines; nothing to scripts, at the first look, or when nothing did."""
    if not console.interactive or not bridge.has_journal:
        return
    seen = last_seen(bridge.state, bridge.client)
    if seen is not None:
        for line in while_away(bridge.book.journal.read(after=seen), bridge.book.runs):
            console.note(line, style="bold" if not line.startswith(" ") else None)
    note_look(bridge, console)


def note_look(bridge: Bridge, console: Console) -> None:
    """Remember that everything up to now has been on this terminal."""
    if console.interactive and bridge.has_journal:
        # A lost note costs a repeated summary; it is no reason to fail what was asked for.
        with suppress(StoreError):
            bridge.book.refresh()
            remember(bridge.state, bridge.client, bridge.book.seq)
