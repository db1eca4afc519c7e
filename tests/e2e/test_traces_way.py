"""A run as a collector sees it: one trace from the run to its commands, also across a kill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codex_fixtures import KEY, MODEL
from collector import collector
from e2e.harness import world
from e2e.stories import FILES, PLAN, change, sleeping, work
from e2e.test_managers_way import BUILD, GOAL, managed
from makeitso.protocol.events import NoteAdded, UsageCounted
from makeitso.scripted import Run

if TYPE_CHECKING:
    from pathlib import Path

    from collector import Collector, Received

pytestmark = [pytest.mark.e2e, pytest.mark.codex]


def telemetry(there: Collector) -> str:
    return f'[telemetry]\nenabled = true\notlp_endpoint = "{there.url}"\n'


def above(spans: list[Received]) -> set[tuple[str, str]]:
    """Each name with that of its parent."""
    names = {span.id: span.name for span in spans}
    return {(span.name, names.get(span.parent, "")) for span in spans}


def test_a_run_is_one_trace_down_to_its_commands(tmp_path: Path) -> None:
    secret = "word-nobody-may-read"
    script = managed(
        work(Run(f"echo {secret}", "look"), change("STEPS=2", "STEPS=3", path="settings.sh"))
    )
    with (
        collector() as there,
        world(tmp_path, script, files=BUILD, manager="codex", config=telemetry(there)) as w,
    ):
        w.mis("run", GOAL, "--yes").expect(0, "done")
        spans = there.spans()
        run = "invoke_workflow makeitso"
        assert len({span.trace for span in spans}) == 1
        assert len({span.id for span in spans}) == len(spans)
        assert above(spans) >= {
            (run, ""),
            ("task", run),
            ("phase bootstrap", "task"),
            ("phase task", "task"),
            ("phase verify", "task"),
            ("invoke_agent manager", run),
            ("invoke_agent manager", "phase task"),
            ("invoke_agent codex", "phase task"),
            ("execute_tool shell", "invoke_agent codex"),
            ("check", "phase bootstrap"),
            ("check", "phase task"),
            ("landing", "task"),
            ("approval", run),
        }
        begin = {span.name: span.begin_ns for span in reversed(spans)}
        assert all(begin[run] <= span.begin_ns <= span.end_ns for span in spans)
        (turn,) = [span for span in spans if span.name == "invoke_agent codex"]
        assert turn.kind == 3, "asked of another program"
        assert turn.about["gen_ai.request.model"] == MODEL
        usage = [one for one in w.of(UsageCounted) if one.source == "worker"]
        assert turn.about["gen_ai.usage.input_tokens"] == sum(one.input_tokens for one in usage)
        tokens = w.run.tokens
        counted = there.histograms()
        assert (
            sum(
                total
                for (name, _), (_, total) in counted.items()
                if name == "gen_ai.client.token.usage"
            )
            == tokens
        )
        assert counted["gen_ai.client.operation.duration", ""][0] == 3
        sent = b"".join(there.bodies)
        for text in (secret, KEY, "Mend the build", "settings.sh", GOAL, str(tmp_path)):
            assert text.encode() not in sent
        assert not [note for note in w.of(NoteAdded) if "telemetry" in note.text]


def test_what_a_kill_cut_is_told_in_the_same_trace(tmp_path: Path) -> None:
    with (
        collector() as there,
        world(tmp_path, sleeping("3"), files=FILES, config=telemetry(there)) as w,
    ):
        running = w.start("run", w.plan("spell", PLAN), "--yes")
        w.until_event("turn.started", running)
        there.until(1)  # the first phase is over and has arrived
        running.process.kill()
        running.wait()
        assert "phase task" not in {span.name for span in there.spans()}
        w.mis("resume", "--yes").expect(0, "done")
        spans = there.spans()
        assert len({span.trace for span in spans}) == 1
        assert len({span.id for span in spans}) == len(spans), "something was sent twice"
        runs = [span for span in spans if span.name == "invoke_workflow makeitso"]
        assert [span.failed for span in runs] == [True, False]
        assert [span.parent for span in runs] == ["", runs[0].id]
        states = [
            span.about["makeitso.state"] for span in spans if span.name == "invoke_agent codex"
        ]
        assert states == ["cut", "completed"]


def test_a_run_goes_its_way_without_the_collector(tmp_path: Path) -> None:
    config = '[telemetry]\nenabled = true\notlp_endpoint = "http://127.0.0.1:9"\n'
    script = work(change("line 2", "line two"))
    with world(tmp_path, script, files=FILES, config=config) as w:
        ended = w.mis("run", w.plan("spell", PLAN), "--yes").expect(0, "done")
        assert "opentelemetry" not in ended.err
        told = [note.text for note in w.of(NoteAdded) if "telemetry is not sent" in note.text]
        assert len(told) == 1
        rows = w.mis("doctor", "--json").value
        assert "sent to http://127.0.0.1:9" in str(rows)
