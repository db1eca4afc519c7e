"""How far telemetry of a run was sent: one small file of the run, written anew each time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from makeitso.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

FILE = "otlp.json"
"""Its name in the run's directory."""


@dataclass(frozen=True)
class Exported:
    """Up to which journal event a collector has everything.

    Attributes:
        drive: the event that began the drive in which that was written.
        sent: the newest event that all came of.
    """

    drive: int
    sent: int


def read(path: Path) -> Exported | None:
    """What was sent; None: nothing, or nobody knows."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(value, dict):
        return None
    found = cast("dict[str, object]", value)
    drive, sent = found.get("drive"), found.get("sent")
    if isinstance(drive, int) and isinstance(sent, int):
        return Exported(drive, sent)
    return None


def write(path: Path, value: Exported) -> None:
    """Keep it; a reader sees the old or the new.

    Raises:
        StoreError: it cannot be written.
    """
    new = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new.write_text(json.dumps({"drive": value.drive, "sent": value.sent}), "utf-8")
        new.replace(path)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error}", hint="free some disk space") from error
