from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from makeitso.errors import StoreError
from makeitso.policy.redaction import Redactor
from makeitso.protocol import events as ev
from makeitso.store import journal as store
from makeitso.store.clock import SystemClock
from makeitso.store.journal import SCHEMA_VERSION, Journal, canonical, row_hash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from makeitso.protocol.events import Event


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dot" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    opened = Journal(path, clock=SystemClock(), client="test")
    yield opened
    opened.close()


def note(journal: Journal, text: str, *, run: str | None = None) -> Event:
    return journal.append(ev.NoteAdded(text=text), actor="engine", run=run)


def change(path: Path, statement: str) -> None:
    """What somebody does to the file behind our back."""
    database = sqlite3.connect(path)
    with database:
        database.execute(statement)
    database.close()


def test_what_is_appended_is_read_back_in_order(journal: Journal) -> None:
    first = note(journal, "one", run="r1")
    second = journal.append(
        ev.PhaseStarted(), actor="worker", run="r2", task="T1", phase="task", cause=first.seq
    )
    assert list(journal.read()) == [first, second]
    assert list(journal.read(run="r2")) == [second]
    assert list(journal.read(after=1)) == [second]
    assert (second.seq, second.prev, second.cause) == (2, first.hash, 1)
    assert journal.last_seq() == 2
    assert journal.count("note.added") == 1


def test_a_long_journal_is_read_page_by_page(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PAGE", 3)
    events = [note(journal, str(n), run=f"r{n % 2}") for n in range(9)]
    for cut in range(10):
        assert list(journal.read(after=cut)) == events[cut:]
        assert list(journal.read(after=cut, run="r1")) == [e for e in events[cut:] if e.run == "r1"]
    reading = journal.read()
    seen = [next(reading) for _ in range(4)]
    note(journal, "written meanwhile")
    assert [*seen, *reading] == events, "those that were there when it was asked"


def test_only_what_tells_of_output_does_not_wait_for_the_disk(path: Path) -> None:
    modes: dict[str, int] = {}

    def fault(name: str) -> None:
        if name.startswith("recorded."):
            database = opened._db  # pyright: ignore[reportPrivateUsage] -- its commit is looked at
            modes[name.partition(".")[2]] = database.execute("PRAGMA synchronous").fetchone()[0]

    opened = Journal(path, clock=SystemClock(), client="test", fault=fault)
    full, normal = 2, 1
    for data, mode in (
        (ev.NoteAdded(text="one"), full),
        (ev.CommandRan(command="true", exit_code=0), normal),
        (ev.PhaseStarted(), full),
        (ev.CommandRan(command="true", exit_code=0), normal),
        (ev.ApprovalDecided(id="a1", grant=True, who="ada"), full),
    ):
        opened.append(data, actor="engine")
        assert modes[data.type] == mode, data
    opened.close()


def test_one_task_can_be_read(journal: Journal) -> None:
    journal.append(ev.PhaseStarted(), actor="engine", run="r1", task="T1")
    wanted = journal.append(ev.PhaseStarted(), actor="engine", run="r1", task="T2")
    journal.append(ev.PhaseStarted(), actor="engine", run="r2", task="T2")
    assert list(journal.read(run="r1", task="T2")) == [wanted]


def test_types_can_be_left_out(journal: Journal) -> None:
    first = note(journal, "one", run="r1")
    for _ in range(2):
        journal.append(ev.PhaseStarted(), actor="engine", run="r1")
    last = note(journal, "two", run="r1")
    assert list(journal.read(without={"phase.started", "phase.ended"})) == [first, last]
    assert list(journal.read(run="r1", after=1, without={"phase.started"})) == [last]
    assert list(journal.read(after=1, without={"note.added", "phase.started"})) == []


def test_another_connection_sees_what_was_appended(journal: Journal, path: Path) -> None:
    event = note(journal, "one")
    other = Journal(path, clock=SystemClock(), client="other")
    assert list(other.read()) == [event]
    theirs = note(other, "two")
    assert list(journal.read(after=1)) == [theirs]
    assert (theirs.client, theirs.prev) == ("other", event.hash)
    other.close()


def test_the_hash_is_that_of_the_canonical_row(journal: Journal) -> None:
    event = note(journal, "größe")
    fields = json.loads(event.model_dump_json(exclude={"hash"}))
    assert event.hash == row_hash(fields)
    assert canonical({"b": 1, "a": "ü"}) == '{"a":"ü","b":1}'


TAMPERINGS = {
    "a field": "UPDATE events SET at = at + 1 WHERE seq = 3",
    "the actor": "UPDATE events SET actor = 'person' WHERE seq = 3",
    "data": "UPDATE events SET data = replace(data, 'n3', 'n9') WHERE seq = 3",
    "data that is no JSON": "UPDATE events SET data = '{' WHERE seq = 3",
    "a second key": """UPDATE events SET data = replace(data, '{', '{"text":"o",') WHERE seq = 3""",
    "blanks in data": "UPDATE events SET data = replace(data, ':', ': ') WHERE seq = 3",
    "its own hash": "UPDATE events SET hash = prev WHERE seq = 3",
    "the link": "UPDATE events SET prev = hash WHERE seq = 3",
    "one row gone": "DELETE FROM events WHERE seq = 2",
    "the beginning gone": "DELETE FROM events WHERE seq < 3",
    "a number": "UPDATE events SET seq = 30 WHERE seq = 3",
}


@pytest.mark.parametrize("statement", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_tampering_is_found_at_the_row(journal: Journal, path: Path, statement: str) -> None:
    for number in range(1, 6):
        note(journal, f"n{number}")
    assert journal.verify() is None
    change(path, statement)
    assert journal.verify() == (4 if "seq = 30" in statement else 3)


def test_two_rows_exchanged_are_found(journal: Journal, path: Path) -> None:
    for number in range(1, 6):
        note(journal, f"n{number}")
    change(path, "UPDATE events SET seq = -seq WHERE seq IN (2, 3)")
    change(path, "UPDATE events SET seq = 5 + seq WHERE seq IN (-2, -3)")
    assert journal.verify() == 2


def test_a_newer_schema_is_refused_and_left_alone(journal: Journal, path: Path) -> None:
    note(journal, "kept")
    journal.close()
    change(path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer makeitso") as caught:
        Journal(path, clock=SystemClock(), client="test")
    assert "update makeitso" in caught.value.hint
    assert path.read_bytes() == before


def test_an_event_of_another_version_is_named_not_guessed(journal: Journal, path: Path) -> None:
    note(journal, "one")
    note(journal, "two")
    change(
        path, """UPDATE events SET data = '{"type":"note.sung"}', type = 'note.sung' WHERE seq=2"""
    )
    with pytest.raises(StoreError, match=r"row 2 \(note\.sung\)") as caught:
        list(journal.read())
    assert caught.value.hint


def test_a_file_that_is_no_database_is_an_error(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database at all, " * 100)
    with pytest.raises(StoreError, match="not a database") as caught:
        Journal(path, clock=SystemClock(), client="test")
    assert caught.value.hint


SECRETS = ("value-that-must-not-stand-anywhere", "s3cr3t/with+signs==and-more")


def test_what_is_secret_reaches_no_byte_of_any_file(path: Path) -> None:
    redactor = Redactor(b"k" * 32)
    for secret in SECRETS:
        assert redactor.register("KEY", secret)
    journal = Journal(path, clock=SystemClock(), client="test", scrub=redactor.value)
    event = note(journal, f"a {SECRETS[0]} b")
    journal.append(
        ev.ApprovalAsked(
            id="a1", kind="command", subject=f"curl -H 'X: {SECRETS[1]}'", digest="d",
            choices=(SECRETS[0],),
        ),
        actor="engine",
        run="r1",
    )  # fmt: skip
    assert isinstance(event.data, ev.NoteAdded)
    assert event.data.text.startswith("a [REDACTED:KEY:")
    files = sorted(path.parent.iterdir())
    assert {file.name for file in files} >= {"journal.db", "journal.db-wal"}
    for moment in ("while open", "after closing"):
        written = b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))
        assert b"REDACTED" in written, moment
        for secret in SECRETS:
            assert secret.encode() not in written, moment
        journal.close()
    assert path.stat().st_mode & 0o077 == 0, "and nobody else may read it"


def test_a_guard_refuses_within_the_transaction(journal: Journal) -> None:
    note(journal, "one")
    seen: list[int] = []

    def guard() -> str | None:
        seen.append(journal.last_seq())
        return "not now"

    with pytest.raises(StoreError, match="not now"):
        journal.append(ev.NoteAdded(text="two"), actor="engine", guard=guard)
    assert seen == [1]
    assert journal.last_seq() == 1
    assert note(journal, "three").seq == 2
    assert journal.verify() is None


def test_listeners_hear_what_this_process_appends_until_they_stop(journal: Journal) -> None:
    heard: list[Event] = []
    stop = journal.listen(heard.append)
    first = note(journal, "one")
    stop()
    note(journal, "two")
    assert heard == [first]


def test_bytes_that_are_no_text_are_kept_as_text(journal: Journal) -> None:
    argument = b"caf\xe9".decode("utf-8", "surrogateescape")
    event = note(journal, argument)
    assert isinstance(event.data, ev.NoteAdded)
    assert event.data.text == "caf\ufffd"
    assert list(journal.read()) == [event]
    assert journal.verify() is None


@pytest.mark.parametrize("text", ["", "\0", "\U0001f680", '"\\\n', "\ud83d\ude80", "x" * 100_000])
def test_any_text_survives(journal: Journal, text: str) -> None:
    event = note(journal, text)
    assert list(journal.read()) == [event]
    assert journal.verify() is None


def test_mentions_finds_a_value_of_the_data(journal: Journal) -> None:
    journal.append(ev.ApprovalUsed(id="a1"), actor="engine", run="r1")
    assert journal.mentions(("approval.used", "approval.voided"), "id", "a1")
    assert not journal.mentions(("approval.voided",), "id", "a1")
    assert not journal.mentions(("approval.used",), "id", "a2")


def test_runs_are_listed_as_they_were_created(journal: Journal, created: ev.RunCreated) -> None:
    for run in ("r2", "r1"):
        journal.append(created, actor="person", run=run)
    note(journal, "said of no run")
    assert journal.run_ids() == ["r2", "r1"]


@pytest.fixture
def created() -> ev.RunCreated:
    return ev.RunCreated.model_validate(
        {
            "goal": "g",
            "plan": None,
            "options": {"manager": {"kind": "none"}, "policy": "confirm-phase"},
            "policies": {"write_files": "ask", "run_shell": "ask", "network": "ask"},
            "config_digest": "",
            "version": "0",
        }
    )
