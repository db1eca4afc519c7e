"""Appending events to the journal, against bare inserts with the same durability.

Durable on both sides: WAL with synchronous=FULL, so that SQLite syncs the file with every commit.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Row, alternating
from makeitso.protocol.events import NoteAdded
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable

EVENTS = 300


def rows(runs: int) -> list[Row]:
    """CPU and time of one event; time is mostly the disk's."""
    cpu = alternating(
        lambda: _in_folder(_append, time.process_time),
        lambda: _in_folder(_insert, time.process_time),
        runs=runs,
    )
    wall = alternating(
        lambda: _in_folder(_append, time.perf_counter),
        lambda: _in_folder(_insert, time.perf_counter),
        runs=runs,
    )
    return [_row("CPU", *cpu, runs), _row("time", *wall, runs)]


def _row(kind: str, ours: float, bare: float, runs: int) -> Row:
    return Row(
        what=f"journal append, synced ({kind})",
        against="bare synced insert",
        unit="us CPU" if kind == "CPU" else "us",
        ours=ours * 1e6,
        bare=bare * 1e6,
        runs=runs,
        note="" if kind == "CPU" else f"{1 / ours:,.0f} durable events/s",
    )


def _in_folder(fill: Callable[[Path], None], clock: Callable[[], float]) -> float:
    """Cost of one event by a clock, in seconds; opening the file does not count."""
    with tempfile.TemporaryDirectory(prefix="makeitso-bench-") as directory:
        path = Path(directory) / "journal.db"
        fill(path)  # makes the file and its schema
        before = clock()
        fill(path)
        return (clock() - before) / EVENTS


def _append(path: Path) -> None:
    journal = Journal(path, clock=SystemClock(), client="bench")
    for number in range(EVENTS):
        event = NoteAdded(text=f"pytest -q tests/test_{number}.py is next")
        journal.append(event, actor="manager", run="r1", task="T1", phase="task")
    journal.close()


def _insert(path: Path) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, data TEXT)")
    for number in range(EVENTS):
        text = f'{{"type": "note.added", "text": "pytest -q tests/test_{number}.py is next"}}'
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO events (data) VALUES (?)", (text,))
        database.execute("COMMIT")
    database.close()
