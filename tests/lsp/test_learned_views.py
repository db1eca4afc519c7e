"""Logs, libraries and findings as views, without an editor: their bounds, and odd texts."""

from __future__ import annotations

import pytest
from lsprotocol import types
from pygls.workspace import PositionCodec

from makeitso.lsp import libraries, log_view
from makeitso.lsp.findings import Findings, severity_of
from makeitso.lsp.library_view import library_hover, study_library
from makeitso.lsp.log_view import LogView, log_actions, log_diagnostics, log_hover, study_log
from makeitso.lsp.positions import TextIndex
from makeitso.protocol import events as ev
from makeitso.protocol.events import Event
from makeitso.protocol.plan import Delimiters
from makeitso.protocol.record import Record

ENTRY = """[[pattern]]
name = "one"
intent = "ignore"
regex = '^one stone$'
examples = ["one stone"]
"""
DRIFTING = """[[pattern]]
name = "quern_crack"
intent = "diagnostic"
regex = '^quern: stone (?P<line>[0-9]+) cracked at gate (?P<column>[0-9]+)$'
examples = ["quern: stone 1 cracked at gate 2"]
"""


def _log(text: str, *, run: str = "r20261122-1") -> LogView:
    return study_log(
        text,
        library=libraries.packaged(),
        delimiters=Delimiters(),
        channel="stdout",
        run=run,
    )


def _index(text: str) -> TextIndex:
    return TextIndex(text, PositionCodec(types.PositionEncodingKind.Utf16))


def _shapes(count: int) -> str:
    digits = str.maketrans("0123456789", "abcdefghij")
    return "".join(f"the mill of {str(n).translate(digits) * 3} halts\n" for n in range(count))


def test_a_long_log_is_looked_at_so_far_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_view, "READ_BYTES", 200)
    text = "the mill halts at gate é\n" * 40
    view = _log(text)
    (group,) = view.groups
    assert view.cut
    assert group.lines == tuple(range(7)), "whole lines of the first bytes"
    found = log_diagnostics(view, _index(text))
    assert [str(d.code) for d in found] == ["miss-new", "log-cut"]


def test_only_so_many_groups_have_diagnostics_and_actions() -> None:
    count = log_view.MOST_GROUPS + 30
    text = _shapes(count)
    view = _log(text)
    assert len(view.groups) == count
    found = log_diagnostics(view, _index(text))
    assert len(found) == log_view.MOST_GROUPS + 1
    assert "30 further kinds" in str(found[-1].message)
    offered = log_actions(view, first=0, last=count)
    assert len(offered) == log_view.MOST_ACTIONS
    assert log_actions(view, first=count - 1, last=count - 1), "those beyond can be proposed, too"


def test_a_drifted_line_says_where_its_pattern_stops() -> None:
    known = libraries.laid_over(DRIFTING)
    view = study_log(
        "quern: stone 3 cracked  at gate 7 badly\n",
        library=known,
        delimiters=Delimiters(),
        channel="stdout",
    )
    (group,) = view.groups
    assert (group.kind, group.near and group.near.pattern) == ("drifted", "quern_crack")
    hovered = log_hover(view, 0)
    assert hovered is not None
    assert "Near to `quern_crack`: it expects" in hovered[0]
    (said,) = log_diagnostics(view, _index(view.text))
    assert said.code == "miss-drifted"
    assert log_hover(view, 1) is None


def test_lines_are_those_of_the_document_over_redraws_and_halves_of_characters() -> None:
    text = "10%\r20%\rthe mill halts\n\ud800 the mill of \x1b[1mstone\x1b[0m halts\n"
    view = _log(text)
    assert sorted(line for group in view.groups for line in group.lines) == [0, 1]
    ranges = [d.range for d in log_diagnostics(view, _index(text))]
    assert [r.start.line for r in ranges] == [0, 3], "the wire counts a lone carriage return"


def test_bare_tokens_count_in_a_log_from_elsewhere() -> None:
    text = "<<MIS:START>> plan\n<<MIS:END>>\n"
    assert _log(text, run="").groups == ()
    assert {group.kind for group in _log(text).groups} == {"spoofed"}


def test_a_library_with_halves_of_characters_is_read() -> None:
    view = study_library(ENTRY + 'rationale = "\ud800"\n', base=None, proposal="", hits={"one": 1})
    hovered = library_hover(view, 1)
    assert hovered is not None
    assert "1 record of runs here." in hovered[0]
    assert library_hover(view, 40) is None


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ("error", "error"), ("E", "error"), ("fatal error", "error"), ("FAILED", "error"),
        ("", "error"), ("warning", "warning"), ("W", "warning"), ("[WARN]", "warning"),
        ("note", "information"), ("info", "information"), ("C", "information"),
        ("help", "hint"),
    ],
)  # fmt: skip
def test_the_severity_is_as_the_tool_said(said: str, severity: str) -> None:
    assert severity_of(said.lower()) == severity


def _event(data: ev.EventData, *, task: str | None = "T1") -> Event:
    return Event(
        seq=1, at=1, run="r1", task=task, phase=None, actor="engine", client="t", data=data,
        prev="", hash="",
    )  # fmt: skip


def _record(**over: object) -> ev.RecordFound:
    base = Record(
        pattern="mill_fault", intent="diagnostic", channel="stdout", offset_bytes=0,
        stream_line=1, path="a.mil", line=1, severity="error", message="wet",
    )  # fmt: skip
    return ev.RecordFound(record=base.model_copy(update=over))


def test_what_names_no_place_inside_is_no_finding() -> None:
    findings = Findings()
    for over in (
        {"path": None},
        {"line": None},
        {"line": 0},
        {"path": "/etc/passwd"},
        {"path": "../a.mil"},
        {"path": "b/../../a.mil"},
        {"path": "C:\\a.mil"},
        {"severity": "PASSED", "intent": "test"},
        {"intent": "summary"},
        {"intent": "frame"},
    ):
        assert not findings.take(_event(_record(**over))), over
    assert list(findings.all()) == []


@pytest.mark.parametrize(
    "data",
    [
        ev.TurnStarted(intent="FIX", round=2, prompt_digest="d"),
        ev.PhaseStarted(),
        ev.TaskReviewing(),
        ev.TaskEnded(state="failed"),
        ev.WorktreeRemoved(path="/t"),
    ],
)
def test_a_task_that_moves_on_takes_its_findings_along(data: ev.EventData) -> None:
    findings = Findings()
    assert findings.take(_event(_record()))
    assert not findings.take(_event(_record())), "once"
    assert not findings.take(_event(data, task="T2")), "another task"
    assert len(list(findings.all())) == 1
    assert findings.take(_event(data))
    assert list(findings.all()) == []


def test_a_run_that_is_over_has_no_findings() -> None:
    findings = Findings()
    findings.take(_event(_record()))
    assert findings.take(_event(ev.RunFinished(state="stopped"), task=None))
    assert list(findings.all()) == []
