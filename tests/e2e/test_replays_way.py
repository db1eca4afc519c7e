"""Every run leaves a replay, and read again it says what the run's journal says."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, change
from makeitso.protocol import events as ev
from makeitso.scripted import Answer, RequestView, Run, Say
from makeitso.store import replays

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

PRINTED = "printf 'poem.py:2:1: E501 line too long\\nfnord 12 of it\\nfnord 13 of it\\n'"
PROPOSAL = """format = 1
id = "fnord-of-it"
kind = "pattern"
title = "fnord"
rationale = "seen"
proposer = "person"
created_at = "2026-01-01T00:00:00Z"
library = ""

[[pattern]]
name = "fnord_of_it"
intent = "event"
regex = '^fnord (?P<code>\\d+) of it$'
examples = ["fnord 12 of it"]

[support]
lines = 2
"""


def framed(view: RequestView) -> Answer:
    """Prints lines of which one is known, changes the poem, and says so in a frame."""
    if not view.answered("print"):
        return Answer(items=(Run(PRINTED, "print"),))
    if not view.answered("p-line-2-line-two"):
        return Answer(items=(change("line 2", "line two"),))
    nonce = nonce_of(view)
    payload = f'<<MIS:JSON {nonce}>>{{"event": "poem"}}'
    said = f"<<MIS:START {nonce}>> task\n{payload}\n<<MIS:END {nonce}>>\n"
    return Answer(items=(Say(f"{said}Line 2 is spelled out.", phase="final_answer"),))


def nonce_of(view: RequestView) -> str:
    found = re.search(r"<<MIS:START ([0-9a-f]{32})>>", view.developer_text)
    assert found is not None
    return found[1]


def recorded(w: World) -> list[str]:
    return sorted(one.record.model_dump_json() for one in w.of(ev.RecordFound))


def unexplained(w: World) -> list[str]:
    return sorted(one.miss.text for one in w.of(ev.MissFound))


def test_a_replay_reads_as_the_run_was_read(tmp_path: Path) -> None:
    with world(tmp_path, framed, files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(0, "done")
        (path,) = replays.kept(w.root / ".makeitso/replays")
        replay = replays.read(path)
        lines = list(replays.lines_of(replay))
        found = [record for line in lines for record in line.records]
        assert [r.event for r in found if r.intent == "frame"] == ["start", "json", "end"]
        assert any(r.path == "poem.py" for r in found)
        assert sorted(r.model_dump_json() for r in found) == recorded(w)
        assert sorted(line.text for line in lines if line.miss) == unexplained(w)
        assert "fnord 12 of it" in unexplained(w)
        (started,) = w.of(ev.WorkerStarted)
        assert set(replay.readings) == {started.reading}
        assert replay.readings[started.reading].library == started.library
        nonce = nonce_of(w.server.views[-1])
        assert nonce.encode() not in gzip.decompress(path.read_bytes())
        assert (replay.state, replay.exact, replay.shadow) == ("done", True, ())


def test_a_proposal_in_the_shadow_is_counted_in_the_journal(tmp_path: Path) -> None:
    with world(tmp_path, framed, files=FILES) as w:
        folder = w.root / ".makeitso/proposals"
        folder.mkdir(parents=True)
        (folder / "fnord-of-it.toml").write_text(PROPOSAL, "utf-8")
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(0, "done")
        (started,) = w.of(ev.WorkerStarted)
        assert (started.shadow, started.canary) == (("fnord-of-it",), ())
        hits = [trial for parsed in w.of(ev.OutputParsed) for trial in parsed.trials]
        assert [(hit.proposal, hit.lines, hit.explained_lines) for hit in hits] == [
            ("fnord-of-it", 2, 0)
        ]
        assert "fnord 12 of it" in unexplained(w), "it explains nothing yet"
        (path,) = replays.kept(w.root / ".makeitso/replays")
        assert replays.read(path).shadow == ("fnord-of-it",)


def test_where_learning_is_off_nothing_is_kept_or_tried(tmp_path: Path) -> None:
    with world(tmp_path, framed, files=FILES, config='[learning]\nmode = "off"\n') as w:
        folder = w.root / ".makeitso/proposals"
        folder.mkdir(parents=True)
        (folder / "fnord-of-it.toml").write_text(PROPOSAL, "utf-8")
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(0, "done")
        assert not (w.root / ".makeitso/replays").exists()
        (started,) = w.of(ev.WorkerStarted)
        assert (started.reading, started.shadow) == ("", ())
        assert started.library
