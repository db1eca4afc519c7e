"""What a session is read with is noted; a replay that cannot be written harms no run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from journal.tape import plan_of
from makeitso.protocol import events as ev
from makeitso.protocol.plan import Delimiters
from makeitso.runs.replaying import keep_replays, missing, noted_reading
from makeitso.runs.rounds.jobs import run_nonce
from makeitso.runs.rounds.streams import Stream
from makeitso.store import replays
from makeitso.store.replay_readings import noted
from runs.run_place import Place, place

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return place(tmp_path, monkeypatch, plan=plan_of("T1"))


def put_out(there: Place, text: bytes) -> None:
    """One session of the run, and its end."""
    ctx = there.ctx
    library = ctx.ports.library(ctx.run_id)
    how = noted_reading(ctx, library, Delimiters())
    ctx.append(
        ev.WorkerStarted(
            worker="w", pid=1, start_time=0, thread="t", program="p", library=how.library,
            reading=how.reading,
        ),
        task="T1",
    )  # fmt: skip
    stream = Stream(
        ctx, task="T1", phase="task", channel="stdout", delimiters=Delimiters(),
        nonce=run_nonce(ctx), library=library.library,
    )  # fmt: skip
    stream.feed(text)
    ref = stream.flush()
    stream.close()
    ctx.append(ev.TurnEnded(status="completed", outputs=(ref,)), task="T1")
    ctx.append(ev.WorkerEnded(reason="done"), task="T1")


def end(there: Place) -> None:
    there.ctx.append(ev.RunFinished(state="done"))


def test_a_run_that_is_over_leaves_a_replay_and_says_nothing_more(there: Place) -> None:
    put_out(there, b"a.py:1:2: E501 long\nfnord\n")
    anyio.run(keep_replays, there.ctx)
    folder = there.ctx.ports.places.replays
    assert replays.kept(folder) == [], "it goes on"
    end(there)
    before = there.ctx.ports.journal.last_seq()
    anyio.run(keep_replays, there.ctx)
    (path,) = replays.kept(folder)
    replay = replays.read(path)
    assert [line.text for line in replays.lines_of(replay) if line.miss] == ["fnord"]
    assert replay.exact
    assert there.ctx.ports.journal.last_seq() == before
    assert missing(there.ctx.ports, there.ctx.book) == []


def test_what_reads_a_session_is_noted_by_its_digest(there: Place) -> None:
    put_out(there, b"x\n")
    (started,) = [e for e in there.found(ev.WorkerStarted) if isinstance(e, ev.WorkerStarted)]
    how = noted(there.ctx.ports.places.replays, started.reading)
    assert how is not None
    assert how.patterns().digest() == how.library == started.library
    assert how.phases == there.ctx.ports.dictionary.phase_words()


def test_a_disk_that_takes_no_replay_harms_no_run(there: Place) -> None:
    folder = there.ctx.ports.places.replays
    folder.write_text("a file stands where the folder would be")
    put_out(there, b"x\n")
    (started,) = [e for e in there.found(ev.WorkerStarted) if isinstance(e, ev.WorkerStarted)]
    assert started.library
    assert started.reading == ""
    end(there)
    anyio.run(keep_replays, there.ctx)
    assert folder.is_file()
    folder.unlink()
    anyio.run(keep_replays, there.ctx)
    assert len(replays.kept(folder)) == 1, "made up for later"


def test_only_what_is_newer_than_the_newest_is_made_up_for(there: Place) -> None:
    put_out(there, b"x\n")
    end(there)
    assert len(missing(there.ctx.ports, there.ctx.book)) == 1
    newer = replays.path_of(there.ctx.ports.places.replays, "r99990101-1")
    newer.parent.mkdir(exist_ok=True)
    newer.touch()
    assert missing(there.ctx.ports, there.ctx.book) == [], "older than what is kept: was removed"
