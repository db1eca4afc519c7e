"""Ids in a journal, straight from its rows: for a shell that completes them while a person types.

Nothing is folded and nothing written; what cannot be read is answered with nothing.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST = 50
"""Runs that are offered, the newest first."""
BUSY_S = 0.2
Named = tuple[str, str]
"""An id, and what it stands for."""

_RUNS = """SELECT run, json_extract(data, '$.goal') FROM events
WHERE type = 'run.created' ORDER BY seq DESC LIMIT ?"""
_OPEN = """SELECT json_extract(data, '$.id') AS id,
  json_extract(data, '$.kind') || ': ' || json_extract(data, '$.subject')
FROM events WHERE type = 'approval.asked' AND id NOT IN (
  SELECT json_extract(data, '$.id') FROM events
  WHERE type IN ('approval.decided', 'approval.voided'))
AND run NOT IN (SELECT run FROM events WHERE type = 'run.finished' AND run IS NOT NULL)
GROUP BY id ORDER BY seq"""
_PLAN = """SELECT data FROM events WHERE type = 'plan.made' AND (? = '' OR run = ?)
ORDER BY seq DESC LIMIT 1"""


def runs(journal: Path) -> list[Named]:
    """Runs with their goals, the newest first."""
    return [_named(row) for row in rows_of(journal, _RUNS, (MOST,))]


def open_questions(journal: Path) -> list[Named]:
    """Questions nobody has answered, with what they ask, oldest first."""
    return [_named(row) for row in rows_of(journal, _OPEN, ())]


def tasks(journal: Path, run: str = "") -> list[Named]:
    """Tasks of a run, or of the newest plan, with their titles."""
    for (data,) in rows_of(journal, _PLAN, (run, run)):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return [(task["id"], task["title"]) for task in json.loads(data)["plan"]["tasks"]]
    return []


def _named(row: tuple[str, ...]) -> Named:
    name, text = row
    return name, " ".join((text or "").split())[:60]


def rows_of(journal: Path, query: str, values: tuple[object, ...]) -> list[tuple[str, ...]]:
    """What a query finds in a journal; nothing where it cannot be read."""
    if not journal.exists():
        return []
    try:
        with contextlib.closing(
            sqlite3.connect(f"{journal.as_uri()}?mode=rw", uri=True, timeout=BUSY_S)
        ) as db:
            db.execute("PRAGMA query_only = ON")
            return db.execute(query, values).fetchall()
    except sqlite3.Error:
        return []
