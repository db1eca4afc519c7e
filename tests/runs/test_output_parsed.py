from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from journal.tape import plan_of
from makeitso.parsing.library import Library
from makeitso.parsing.patterns import Pattern
from makeitso.protocol import events as ev
from makeitso.protocol.plan import Delimiters
from makeitso.runs.rounds import streams
from makeitso.runs.rounds.streams import Stream
from runs.run_place import Place, place

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.workers.port import Channel


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return place(tmp_path, monkeypatch, plan=plan_of("T1"))


def parsed(there: Place) -> list[ev.OutputParsed]:
    return [e.data for e in there.ctx.ports.journal.read() if isinstance(e.data, ev.OutputParsed)]


def stream_of(there: Place, channel: Channel) -> Stream:
    return Stream(
        there.ctx,
        task="T1",
        phase="task",
        channel=channel,
        delimiters=Delimiters(),
        nonce=None,
        library=there.ctx.ports.library(there.ctx.run_id).library,
    )


def test_each_turn_says_how_much_was_explained(there: Place) -> None:
    stream = stream_of(there, "stdout")
    stream.feed(b"a.py:1:2: E501 long\n\nfnord fnord\n")
    stream.flush()
    stream.flush()  # nothing was read since
    stream.feed(b"a.py:1:2: E501 long\nfnord")
    stream.flush()
    stream.close()  # the last line ends here
    counts = [(p.channel, p.lines, p.explained_lines) for p in parsed(there)]
    assert counts == [("stdout", 2, 1), ("stdout", 1, 1), ("stdout", 1, 0)]
    assert [(p.size_bytes, p.explained_bytes) for p in parsed(there)] == [
        (30, 19),
        (19, 19),
        (5, 0),
    ]


@pytest.mark.parametrize("channel", ["message", "log", "wire"])
def test_what_no_command_put_out_is_not_counted(there: Place, channel: Channel) -> None:
    stream = stream_of(there, channel)
    stream.feed(b"fnord\n")
    stream.close()
    assert parsed(there) == []


def test_what_is_past_the_limit_is_counted(there: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_FOUND", 3)
    stream = stream_of(there, "stderr")
    stream.feed(b"a.py:1:2: E501 long\nfnord\n" * 4)
    stream.close()
    (found,) = parsed(there)
    assert (found.unlisted_records, found.unlisted_misses) == (2, 3)
    listed = [e.data.type for e in there.ctx.ports.journal.read()]
    assert listed.count("record.found") + listed.count("miss.found") == 3


def test_what_proposals_would_explain_is_counted_turn_by_turn(there: Place) -> None:
    fnord = Pattern(name="fnord", intent="event", regex="^fnord", state="shadow", origin="p-fnord")
    base = there.ctx.ports.library(there.ctx.run_id).library
    stream = Stream(
        there.ctx,
        task="T1",
        phase="task",
        channel="stdout",
        delimiters=Delimiters(),
        nonce=None,
        library=Library((*base.patterns, fnord)),
    )
    stream.feed(b"fnord 1\nfnord.py:1:2: E501 long\nfnord 2\n")
    stream.flush()
    stream.feed(b"nothing\n")
    stream.flush()
    stream.feed(b"fnord 3")
    stream.close()
    hits = [[(t.proposal, t.lines, t.explained_lines) for t in p.trials] for p in parsed(there)]
    assert hits == [[("p-fnord", 3, 1)], [], [("p-fnord", 1, 0)]]
    assert [p.explained_lines for p in parsed(there)] == [1, 0, 0]
