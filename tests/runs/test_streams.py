from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.tape import plan_of
from makeitso.protocol import events as ev
from makeitso.protocol.plan import Delimiters
from makeitso.runs.rounds import streams
from makeitso.runs.rounds.streams import MAX_FOUND, Stream
from makeitso.store.outputs import fetch
from runs.run_place import SECRET, Place, place

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.workers.port import Channel

PIECES = [SECRET.encode(), b"\n", b"text ", b"KEY=", b"\x1b[31m", "größe".encode(), b"\r", b"\xff"]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Place:
    with pytest.MonkeyPatch.context() as patch:
        return place(tmp_path_factory.mktemp("runs"), patch, plan=plan_of("T1"))


def stream_of(there: Place, channel: Channel = "stdout") -> Stream:
    return Stream(
        there.ctx,
        task="T1",
        phase="task",
        channel=channel,
        delimiters=Delimiters(),
        nonce=None,
        library=there.ctx.ports.library(there.ctx.run_id).library,
    )


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_chunking_lets_a_secret_through(there: Place, data: st.DataObject) -> None:
    text = b"".join(data.draw(st.lists(st.sampled_from(PIECES), max_size=12))) + SECRET.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    there.door.shown.clear()
    stream = stream_of(there)
    for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        stream.feed(text[begin:end])
    ref = stream.flush()
    stream.close()
    kept = fetch(there.artifacts, ref)
    assert SECRET.encode() not in kept
    assert b"[REDACTED:" in kept
    assert SECRET not in there.door.text("stdout")
    assert SECRET.encode() not in there.journal_bytes()
    assert there.door.text("stdout").replace("\ufffd", "") == kept.decode("utf-8", "ignore")


def test_turns_follow_each_other_in_one_file(there: Place) -> None:
    stream = stream_of(there, "stderr")
    stream.feed(b"one\n")
    first = stream.flush()
    stream.feed(b"two\n")
    second = stream.flush()
    stream.close()
    assert (fetch(there.artifacts, first), fetch(there.artifacts, second)) == (b"one\n", b"two\n")
    again = stream_of(there, "stderr")
    again.feed(b"three\n")
    third = again.flush()
    again.close()
    assert third.offset == second.offset + second.length_bytes
    assert fetch(there.artifacts, third) == b"three\n"


def test_a_flood_of_records_ends_in_the_file_and_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MAX_FOUND", 25)
    there = place(tmp_path, monkeypatch, plan=plan_of("T1"))
    stream = stream_of(there)
    lines = b"".join(b"src/a%d.py:%d:1: E501 line too long\n" % (n, n) for n in range(1, 101))
    stream.feed(lines)
    ref = stream.flush()
    stream.close()
    found = len(there.found(ev.RecordFound)) + len(there.found(ev.MissFound))
    assert found == 25
    notes = [n.text for n in there.found(ev.NoteAdded) if isinstance(n, ev.NoteAdded)]
    assert [n for n in notes if "more than 25 records on stdout" in n] == notes
    assert len(notes) == 1
    assert fetch(there.artifacts, ref) == lines, "all of it is in the file"
    assert MAX_FOUND == 400


@pytest.mark.parametrize("channel", ["log", "wire"])
def test_what_is_for_replay_is_kept_and_neither_shown_nor_parsed(
    there: Place, channel: Channel
) -> None:
    before = len(there.found(ev.RecordFound))
    stream = stream_of(there, channel)
    stream.feed(b"src/a.py:1:1: E501 line too long\n")
    ref = stream.flush()
    stream.close()
    assert fetch(there.artifacts, ref).startswith(b"src/a.py")
    assert there.door.text(channel) == ""
    assert len(there.found(ev.RecordFound)) == before


def test_paths_below_the_worktree_are_as_in_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = place(tmp_path, monkeypatch, plan=plan_of("T1"))
    tree = there.base("T1")
    stream = stream_of(there)
    stream.feed(f"{tree.path}/src/a.py:3:1: E501 line too long\n".encode())
    stream.close()
    (found,) = [f for f in there.found(ev.RecordFound) if isinstance(f, ev.RecordFound)]
    assert (found.record.path, found.record.line) == ("src/a.py", 3)
