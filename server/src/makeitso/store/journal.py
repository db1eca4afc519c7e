"""The journal: one SQLite file, one row an event, a hash chain, any process may append.

Durability: an appended event survives the end of its process, whatever ends it. It also survives a
power cut (WAL with synchronous=FULL), but for the types that change no state: they tell of output,
whose files are not synced before the turn ends either, and the next event of another type takes
them to the disk with itself. Else a hundred workers would wait for the disk, one behind the other.

Every append is one immediate transaction that reads the last hash, so rows of several processes
form one chain.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from makeitso.errors import StoreError
from makeitso.journal.fold import UNFOLDED
from makeitso.protocol.events import MODELS, Event

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator
    from pathlib import Path

    from makeitso.protocol.events import EventData
    from makeitso.protocol.words import Actor, PhaseName
    from makeitso.store.clock import Clock

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 20.0
"""How long an append waits for another process's append."""

PAGE = 1000
"""Rows that are read at once."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  run TEXT,
  task TEXT,
  phase TEXT,
  type TEXT NOT NULL,
  actor TEXT NOT NULL,
  client TEXT NOT NULL,
  cause INTEGER,
  data TEXT NOT NULL,
  prev TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS events_by_run ON events (run, seq);
CREATE INDEX IF NOT EXISTS events_by_type ON events (type, seq);
"""
_COLUMNS = "seq, at, run, task, phase, type, actor, client, cause, data, prev, hash"
_NO_CHARACTER = re.compile("[\ud800-\udfff]")
"""Halves of characters: how Python holds bytes of arguments and names that are not UTF-8."""
_NO_ROOM = frozenset({"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"})

Row = tuple[int, int, str | None, str | None, str | None, str, str, str, int | None, str, str, str]


def canonical(fields: dict[str, object]) -> str:
    """The form that is hashed: JSON with sorted keys, no spaces, UTF-8 as is."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def stored(payload: object) -> str:
    """The text of a row's data: JSON in the order of the model, no spaces, always valid UTF-8."""
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    return _NO_CHARACTER.sub("\ufffd", text)


def row_hash(fields: dict[str, object]) -> str:
    """SHA-256, hex, of a row without its own hash."""
    return hashlib.sha256(canonical(fields).encode("utf-8", "surrogatepass")).hexdigest()


def _nothing() -> sqlite3.Connection:
    """A journal without events that leaves no trace."""
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    db.executescript(_SCHEMA)
    return db


class Journal:
    """An open journal. Not shared between threads; each process opens its own.

    Args:
        path: the database file; made with its directory (0600) if absent.
        clock: where `at` comes from.
        client: the door this process is, stored with each event.
        scrub: takes JSON-able data and returns it redacted; applied before anything is written.
        fault: called with `recording` and `recording.<type>` before an event is written, and with
            `recorded` and `recorded.<type>` once it is on disk; tests end the process there.
        making: called before the first event of this process is written; until then a journal that
            is not there is read as empty and not made. None: it is made at once.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        client: str,
        scrub: Callable[[object], object] = lambda value: value,
        fault: Callable[[str], None] = lambda name: None,
        making: Callable[[], None] | None = None,
    ) -> None:
        self.path = path
        self.client = client
        self._clock = clock
        self._scrub = scrub
        self._fault = fault
        self._listeners: list[Callable[[Event], None]] = []
        self._synced = ""
        self._making = making
        self._openings: dict[str, Callable[[], None]] = {}
        self._blank = making is not None and not path.exists()
        self._connection = _nothing() if self._blank else self._opened()

    @property
    def _db(self) -> sqlite3.Connection:
        if self._blank and self.path.exists():
            self._become_real()
        return self._connection

    def _become_real(self) -> None:
        """Turn to the file, which is there now or is made."""
        blank, self._connection = self._connection, self._opened()
        self._blank = False
        blank.close()

    def _opened(self) -> sqlite3.Connection:
        with self._faults("open"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.path.exists():
                self.path.touch(mode=0o600)
            db = sqlite3.connect(
                self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare(db)
            except BaseException:
                db.close()
                raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"the journal {self.path} was written by a newer makeitso (schema {version})",
                hint="update makeitso, or move the file away to start a new journal",
            )
        self._become_wal(db)
        db.execute("PRAGMA synchronous = FULL")
        self._synced = "FULL"
        if version < SCHEMA_VERSION:
            db.executescript(_SCHEMA)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _sync(self, mode: Literal["FULL", "NORMAL"]) -> None:
        """Whether commits from now on wait for the disk."""
        if mode != self._synced:
            self._db.execute(f"PRAGMA synchronous = {mode}")
            self._synced = mode

    def _become_wal(self, db: sqlite3.Connection) -> None:
        # SQLite does not wait here as it waits elsewhere: two processes that make the file at once
        # would deadlock, so one is told that it is locked, and tries again.
        deadline = self._clock.monotonic() + BUSY_TIMEOUT_S
        while True:
            try:
                db.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or self._clock.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def close(self) -> None:
        """Release the file; idempotent."""
        self._connection.close()
        self._blank = False

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with each event this process appends; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def before(self, run: str, opening: Callable[[], None] | None) -> None:
        """Call `opening` once, before the next event of a run is written; None: no longer.

        It may itself append to that run. When it fails, nothing is written.
        """
        if opening is None:
            self._openings.pop(run, None)
        else:
            self._openings[run] = opening

    def opens(self, run: str) -> bool:
        """Whether the next event of a run would be preceded by what opens it."""
        return run in self._openings

    def append(
        self,
        data: EventData,
        *,
        actor: Actor,
        run: str | None = None,
        task: str | None = None,
        phase: PhaseName | None = None,
        cause: int | None = None,
        guard: Callable[[], str | None] | None = None,
    ) -> Event:
        """Write one event; when this returns it is there for good.

        `guard` runs inside the transaction, where reads see everything and nobody else can write;
        a text it returns refuses the append.

        Raises:
            StoreError: the disk is full or broken, or the guard refused. Nothing was written.
        """
        if run is not None and (opening := self._openings.pop(run, None)) is not None:
            try:
                opening()
            except BaseException:
                self._openings[run] = opening
                raise
        payload = self._scrub(data.model_dump(mode="json"))
        text = stored(payload)
        self._fault("recording")
        self._fault(f"recording.{data.type}")
        if self._making is not None:
            self._making()
            self._making = None
        if self._blank:
            self._become_real()
        with self._faults("write"):
            self._sync("NORMAL" if data.type in UNFOLDED else "FULL")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                if guard is not None and (refusal := guard()) is not None:
                    raise StoreError(refusal)
                last = self._db.execute(
                    "SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1"
                ).fetchone()
                seq, prev = (last[0] + 1, last[1]) if last else (1, "")
                fields: dict[str, object] = {
                    "seq": seq,
                    "at": self._clock.now_ms(),
                    "run": run,
                    "task": task,
                    "phase": phase,
                    "type": data.type,
                    "actor": actor,
                    "client": self.client,
                    "cause": cause,
                    "data": json.loads(text),
                    "prev": prev,
                }
                digest = row_hash(fields)
                row = {**fields, "data": text, "hash": digest}
                self._db.execute(
                    f"INSERT INTO events ({_COLUMNS}) VALUES "  # noqa: S608 -- a constant
                    "(:seq, :at, :run, :task, :phase, :type, :actor, :client, :cause, :data, "
                    ":prev, :hash)",
                    row,
                )
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        self._fault("recorded")
        self._fault(f"recorded.{data.type}")
        event = self._event(tuple(row[name] for name in _COLUMNS.split(", ")))  # type: ignore[arg-type]
        for listener in list(self._listeners):
            listener(event)
        return event

    def read(
        self,
        *,
        after: int = 0,
        run: str | None = None,
        task: str | None = None,
        without: Collection[str] = (),
    ) -> Iterator[Event]:
        """Events with seq > `after` that are there now, in order.

        Args:
            after: number of the last row that is known already.
            run: only of this run; None: of all.
            task: only of this task; None: of all, and of none.
            without: types that are left out, unread.

        Raises:
            StoreError: while iterating: the file, or a row, cannot be read.
        """
        conditions = ["seq > ? AND seq <= ?"]
        wanted: list[str] = []
        for column, value in (("run", run), ("task", task)):
            if value is not None:
                conditions.append(f"{column} = ?")
                wanted.append(value)
        if without:
            conditions.append(f"type NOT IN ({','.join('?' * len(without))})")
            wanted += without
        return self._pages(after, self.last_seq(), " AND ".join(conditions), wanted)

    def _pages(self, after: int, last: int, where: str, wanted: list[str]) -> Iterator[Event]:
        # Page by page: neither a long journal in memory, nor a read transaction for as long as
        # whoever reads takes. Rows are never changed, so that the pages fit together.
        while after < last:
            with self._faults("read"):
                rows = self._db.execute(
                    f"SELECT {_COLUMNS} FROM events WHERE {where} "  # noqa: S608 -- only marks
                    "ORDER BY seq LIMIT ?",
                    [after, last, *wanted, PAGE],
                ).fetchall()
            for row in rows:
                yield self._event(row)
            after = rows[-1][0] if len(rows) == PAGE else last

    def last_seq(self) -> int:
        """The newest row's number; 0 when empty."""
        with self._faults("read"):
            found = self._db.execute("SELECT max(seq) FROM events").fetchone()[0]
        return int(found or 0)

    def last_hash(self) -> str:
        """The newest row's hash; empty when there is none.

        Rows cut off at the end leave a whole chain: only this, noted elsewhere, tells of them.
        """
        with self._faults("read"):
            found = self._db.execute("SELECT hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        return str(found[0]) if found else ""

    def count(self, kind: str) -> int:
        """How many events of a type there are."""
        with self._faults("read"):
            return int(
                self._db.execute("SELECT count(*) FROM events WHERE type = ?", [kind]).fetchone()[0]
            )

    def count_by(self, kind: str, key: str) -> dict[str, int]:
        """How many events of a type there are for each text at `key` of their data."""
        with self._faults("read"):
            rows = self._db.execute(
                "SELECT json_extract(data, ?), count(*) FROM events WHERE type = ? GROUP BY 1",
                [f"$.{key}", kind],
            ).fetchall()
        return {str(name): int(count) for name, count in rows if name is not None}

    def mentions(self, kinds: tuple[str, ...], key: str, value: str | int) -> bool:
        """Whether an event of one of these types has `value` at `key` of its data."""
        marks = ",".join("?" * len(kinds))
        with self._faults("read"):
            found = self._db.execute(
                f"SELECT 1 FROM events WHERE type IN ({marks}) "  # noqa: S608 -- only marks
                "AND json_extract(data, ?) = ? LIMIT 1",
                [*kinds, f"$.{key}", value],
            ).fetchone()
        return found is not None

    def run_ids(self) -> list[str]:
        """Runs, and reviews of changes from elsewhere, in the order they were begun."""
        with self._faults("read"):
            rows = self._db.execute(
                "SELECT run FROM events WHERE type IN ('run.created', 'review.opened') "
                "AND run IS NOT NULL GROUP BY run ORDER BY min(seq)"
            ).fetchall()
        return [row[0] for row in rows]

    def verify(self) -> int | None:
        """The seq of the first row that breaks the chain, or None when it is whole."""
        prev, expected = "", 1
        with self._faults("read"):
            rows = self._db.execute(f"SELECT {_COLUMNS} FROM events ORDER BY seq")  # noqa: S608
            for row in rows:
                fields: dict[str, object] = dict(zip(_COLUMNS.split(", "), row, strict=True))
                digest, text = str(fields.pop("hash")), str(fields["data"])
                try:
                    fields["data"] = json.loads(text)
                except ValueError:
                    return int(row[0])
                whole = row[0] == expected and fields["prev"] == prev
                # Other text of the same meaning is a change too: SQL may read it differently.
                if not whole or stored(fields["data"]) != text or row_hash(fields) != digest:
                    return int(row[0])
                prev, expected = digest, expected + 1
        return None

    def _event(self, row: Row) -> Event:
        # Written out: this is done a hundred thousand times when a long run is taken up.
        seq, at, run, task, phase, kind, actor, client, cause, text, prev, digest = row
        model = MODELS.get(kind)
        if model is None:
            raise self._unreadable(row, "no such kind of event is known")
        try:
            return Event.model_validate(
                {
                    "seq": seq,
                    "at": at,
                    "run": run,
                    "task": task,
                    "phase": phase,
                    "actor": actor,
                    "client": client,
                    "cause": cause,
                    "data": model.model_validate_json(text),
                    "prev": prev,
                    "hash": digest,
                }
            )
        except ValidationError as error:
            raise self._unreadable(row, f"{error.error_count()} problems") from None

    @staticmethod
    def _unreadable(row: Row, why: str) -> StoreError:
        return StoreError(
            f"journal row {row[0]} ({row[5]}) cannot be read: {why}",
            hint="another version of makeitso wrote it; update, or start a new journal",
        )

    @contextmanager
    def _faults(self, doing: str) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            full = getattr(error, "sqlite_errorname", "") in _NO_ROOM or getattr(
                error, "errno", None
            ) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            raise StoreError(
                f"cannot {doing} the journal {self.path}: {error}",
                hint="free some disk space, then `mis resume`; nothing recorded so far is lost"
                if full
                else "check the file and its directory, then `mis resume`",
            ) from error
