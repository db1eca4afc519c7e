"""kill -9 where a change goes back to its worker, or what is accepted is proved: once each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, change, work
from faults.killing import killed
from makeitso.protocol import events as ev
from makeitso.scripted import Rule, Script, always, rules

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]

MOMENTS = ("recording", "recorded")
ASKING = ("--yes", "--halt-on", "write_files")


def script() -> Script:
    second = work(change("line twenty", "line vingt", call="vingt"), last="In French now.")
    return rules(
        Rule(
            when=lambda view: any("A person reviewed" in text for text in view.user_texts),
            answer=second,
        ),
        Rule(
            when=always,
            answer=work(change("line 2", "line two"), change("line 20", "line twenty")),
        ),
    )


def in_review(w: World) -> tuple[str, str]:
    w.mis("run", w.plan("spell", PLAN), *ASKING).expect(3, "mis review")
    first, second = w.hunks()
    return str(first["id"]), str(second["id"])


@pytest.mark.parametrize(
    "at",
    [
        "recording.task.sent_back",
        "recorded.task.sent_back",
        "round.start",
        "turn.start",
        "turn.end",
        "recorded.change.proposed",
    ],
)
def test_as_it_goes_back(tmp_path: Path, at: str) -> None:
    with world(tmp_path, script(), files=FILES) as w:
        first, second = in_review(w)
        w.mis("review", "accept", first).expect(0)
        w.mis("review", "comment", second, "in French, from the start").expect(0)
        w.mis("review", "comment", "T1", "--", "and nothing else").expect(0)
        again = ("review", "fix")
        killed(w, at, *again)
        if not w.of(ev.TaskSentBack):
            assert at == "recording.task.sent_back"
            w.mis(*again).expect(3)
        else:
            w.mis("resume").expect(3)
        assert len(w.of(ev.TaskSentBack)) == 1
        assert [said.sent for said in w.task().comments] == [1, 1]
        assert w.task().reviewing
        hunks = w.hunks()
        assert "+line vingt" in str(hunks[1]["diff"])
        assert [(h["id"] == first, h["state"]) for h in hunks] == [
            (True, "accepted"),
            (False, "pending"),
        ]
        told = {v.last_user_text for v in w.server.views if "A person reviewed" in v.last_user_text}
        assert told
        assert all("in French, from the start" in text for text in told)
        w.mis("review", "accept", "--all").expect(0)
        assert "line two\n" in w.read("poem.txt")
        assert w.status()["state"] == "done"


@pytest.mark.parametrize(
    "at",
    [
        "recording.check.requested",
        "recorded.check.requested",
        "check.accepted",
        "recording.check.ran",
        "recorded.check.ran",
        "recording.accepted.checked",
        "recorded.accepted.checked",
    ],
)
def test_as_what_is_accepted_is_proved(tmp_path: Path, at: str) -> None:
    with world(tmp_path, script(), files=FILES) as w:
        first, second = in_review(w)
        w.mis("review", "accept", first).expect(0)
        killed(w, at, "review", "check")
        assert w.read("poem.txt") == FILES["poem.txt"]
        w.mis("review", "check").expect(0, "green (1 of 2 hunks)")
        # The worktree holds the proposal again: what the next round would start from.
        assert "line twenty" in (w.root.parent / str(w.task().worktree) / "poem.txt").read_text()
        w.mis("review", "accept", second).expect(0)
        assert "line twenty\n" in w.read("poem.txt")
        assert w.status()["state"] == "done"


@pytest.mark.parametrize("moment", MOMENTS)
def test_as_something_is_said(tmp_path: Path, moment: str) -> None:
    with world(tmp_path, script(), files=FILES) as w:
        _, second = in_review(w)
        killed(w, f"{moment}.comment.added", "review", "comment", second, "in French")
        there = len(w.of(ev.CommentAdded))
        assert there == (moment == "recorded")
        said = w.mis("review", "comment", second, "in Dutch", "--json").expect(0).value
        killed(w, f"{moment}.comment.withdrawn", "review", "withdraw", str(said["id"]))
        kept = w.mis("review", "comments", "--json").expect(0).rows
        assert len(kept) == there + (moment == "recording")
