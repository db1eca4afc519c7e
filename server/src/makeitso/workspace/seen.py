"""How far in the journal a person has looked, by the door they looked through.

Kept outside the repository: it is about a person and not about the work. Losing it loses a
summary and nothing else.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from makeitso.workspace.atomic import replace_file
from makeitso.workspace.paths import private_dir

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.workspace.paths import WorkspaceState

FILE = "seen.json"


def last_seen(state: WorkspaceState, client: str) -> int | None:
    """The number of the newest event a client has shown; None: it never has."""
    return _read(state.path / FILE).get(client)


def remember(state: WorkspaceState, client: str, seq: int) -> None:
    """Note that a client has shown everything up to an event; it never goes back.

    Raises:
        StoreError: it cannot be written.
    """
    path = state.path / FILE
    known = _read(path)
    if known.get(client, -1) >= seq:
        return
    private_dir(state.path)
    replace_file(path, json.dumps({**known, client: seq}).encode(), mode=0o600)


def _read(path: Path) -> dict[str, int]:
    try:
        found: object = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    pairs = cast("dict[str, object]", found).items()
    return {name: seq for name, seq in pairs if isinstance(seq, int)}
