"""Comments send a change back; what was accepted stays accepted; what is accepted can be proved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, change, work
from makeitso.protocol import events as ev
from makeitso.scripted import RequestView, Rule, Script, always, rules

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import Json, World

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

ASKING = ("--yes", "--halt-on", "write_files")
FIRST = work(
    change("line 2", "line two"),
    change("line 20", "line twenty"),
    change("line 39", "line thirty-nine"),
)


def reviewed(view: RequestView) -> bool:
    return any("A person reviewed your change" in text for text in view.user_texts)


def script() -> Script:
    """Told so, the worker goes on, and also changes what stands beside the first hunk."""
    second = work(
        change("line twenty", "line vingt", call="vingt"),
        change("line 5", "line five", call="five"),
        last="In French now.",
    )
    return rules(Rule(when=reviewed, answer=second), Rule(when=always, answer=FIRST))


def at(w: World, text: str) -> Json:
    found = [hunk for hunk in w.hunks() if f"+{text}\n" in str(hunk["diff"])]
    assert len(found) == 1, w.hunks()
    return found[0]


def in_review(w: World, *, config: tuple[str, ...] = ()) -> tuple[str, str, str]:
    """The three hunks of the first round."""
    w.mis("run", w.plan("spell", PLAN), *ASKING, *config).expect(3, "mis review")
    first, second, third = w.hunks()
    return str(first["id"]), str(second["id"]), str(third["id"])


def test_comments_send_it_back_and_what_was_accepted_is_not_asked_again(tmp_path: Path) -> None:
    with world(tmp_path, script(), files=FILES) as w:
        first, second, third = in_review(w)
        w.mis("review", "accept", first).expect(0)
        said = w.mis("review", "comment", f"{second}:4-5", "say", "it", "in", "French", "--json")
        comment = said.expect(0).value
        assert comment["path"] == "poem.txt"
        assert comment["line"] == 20
        assert comment["quote"] == "-line 20\n+line twenty"
        gone = w.mis("review", "comment", "poem.txt", "never mind", "--json").expect(0).value
        w.mis("review", "withdraw", str(gone["id"])).expect(0, "withdrawn", "never mind")
        w.mis("review", "reject", third, "--because", "leave the end alone").expect(0)
        document = (w.root / f".makeitso/review/{w.run.id}-T1.diff").read_text("utf-8")
        assert f"{comment['id']}" in document
        assert "say it in French" in document

        w.mis("review", "fix").expect(3, "goes back to its worker", "1 accepted as before")

        told = next(view for view in w.server.views if reviewed(view)).last_user_text
        assert "poem.txt:20: say it in French" in told
        assert "    +line twenty" in told
        assert "leave the end alone" in told
        assert "    +line thirty-nine" in told
        assert "accepted the rest at poem.txt:1" in told
        assert "never mind" not in told
        difference = told.rpartition("as git sees it")[2]
        assert "line two" in difference
        assert "thirty-nine" not in difference, "a rejected hunk is still in the files"
        assert [turn.intent for turn in w.of(ev.TurnStarted)] == ["EXEC", "FIX"]
        assert len({started.thread for started in w.of(ev.WorkerStarted)}) == 1

        states = {str(h["diff"]).partition("+")[2].partition("+")[2]: h["state"] for h in w.hunks()}
        assert at(w, "line two")["state"] == "accepted", states
        assert at(w, "line five")["state"] == "pending"
        assert at(w, "line vingt")["state"] == "pending"
        assert len(w.hunks()) == 3
        assert w.read("poem.txt") == FILES["poem.txt"]
        assert w.mis("review", "comments", "--json").expect(0).rows[0]["sent"] == 1

        w.mis("review", "accept", "--all").expect(0)
        assert w.status()["state"] == "done"
        text = w.read("poem.txt")
        assert text == FILES["poem.txt"].replace("line 2\n", "line two\n").replace(
            "line 5\n", "line five\n"
        ).replace("line 20\n", "line vingt\n")


def test_rounds_are_bounded_and_something_must_be_said(tmp_path: Path) -> None:
    with world(tmp_path, script(), files=FILES) as w:
        _, second, _ = in_review(w)
        w.mis("review", "fix").expect(2, "nothing to tell", "mis review comment")
        w.mis("review", "fix", "T1").expect(2, "nothing to tell")
        w.mis("review", "comment", "T1", "").expect(2)
        w.mis("review", "comment", f"{second}:99", "no").expect(2, "are not there")
        w.mis("review", "comment", "nowhere.txt", "no").expect(2, "there is no hunk")
        once = ("-c", "review.max_rounds=1")
        w.mis("review", "fix", "-m", "in French", *once).expect(3)
        w.mis("review", "fix", "-m", "again", *once).expect(2, "sent back once", "max_rounds")
        assert len(w.of(ev.TaskSentBack)) == 1


def test_a_person_s_editor_takes_the_comment(tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\ngrep -q "^# +line twenty" "$1" && echo "in French" > "$1"\n')
    editor.chmod(0o755)
    with world(tmp_path, script(), files=FILES) as w:
        _, second, _ = in_review(w)
        w.extra["GIT_EDITOR"] = str(editor)
        w.mis("review", "comment", second).expect(0, "in French")
        assert [said.text for said in w.of(ev.CommentAdded)] == ["in French"]


def test_an_accepted_hunk_that_the_worker_changes_is_open_again_and_said(tmp_path: Path) -> None:
    again = rules(
        Rule(when=reviewed, answer=work(change("line two", "line deux", call="deux"))),
        Rule(when=always, answer=work(change("line 2", "line two"))),
    )
    plan = PLAN.replace("sh check.sh", "true").replace(" (was: failing)", "")
    with world(tmp_path, again, files=FILES) as w:
        w.mis("run", w.plan("spell", plan), *ASKING, "-c", 'review.land="manual"').expect(3)
        (hunk,) = w.hunks()
        w.mis("review", "accept", str(hunk["id"]), "-c", 'review.land="manual"').expect(0)
        w.mis("review", "fix", "-m", "in French", "-c", 'review.land="manual"').expect(
            3, f"accepted and changed since, so open again: {hunk['id']}"
        )
        assert at(w, "line deux")["state"] == "pending"


def test_of_lines_that_were_cut_apart_only_what_is_new_is_open(tmp_path: Path) -> None:
    first = work(
        change("line 2", "line two"), change("line 3", "line three"), change("line 4", "line four")
    )
    again = rules(
        Rule(when=reviewed, answer=work(change("line three", "line trois", call="trois"))),
        Rule(when=always, answer=first),
    )
    with world(tmp_path, again, files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), *ASKING).expect(3, "mis review")
        (hunk,) = w.hunks()
        body = str(hunk["diff"]).split("\n")[1:]
        lines = [n for n, line in enumerate(body, start=1) if line.endswith((" 2", " two"))]
        w.mis("review", "accept", f"{hunk['id']}:{lines[0]},{lines[1]}").expect(0)
        (third,) = [h for h in w.hunks() if "+line three\n" in str(h["diff"])]
        w.mis("review", "comment", str(third["id"]), "say it in French").expect(0)
        w.mis("review", "fix").expect(3, "goes back to its worker", "1 accepted as before")
        kept, new = w.hunks()[:2]
        assert (kept["state"], "+line two\n" in str(kept["diff"])) == ("accepted", True)
        assert new["state"] == "pending"
        assert "+line trois\n" in str(new["diff"])
        assert "line two" not in str(new["diff"])
        assert [h["state"] for h in w.hunks()] == ["accepted", *["pending"] * (len(w.hunks()) - 1)]
        (row,) = [h for h in w.hunks() if "+line trois\n" in str(h["diff"])]
        assert "new" in cast("list[str]", row["flags"]), "though it is beside what was seen"
        assert "new" not in cast("list[str]", kept["flags"])
        w.mis("review", "accept", "--all").expect(0)
        assert w.read("poem.txt").startswith("line 1\nline two\nline trois\nline four\nline 5\n")


def test_what_is_accepted_is_proved_before_it_lands(tmp_path: Path) -> None:
    with world(tmp_path, script(), files=FILES) as w:
        first, second, third = in_review(w)
        w.mis("review", "check").expect(2, "nothing is accepted")
        w.mis("review", "accept", second).expect(0)
        red = w.mis("review", "check", "--json").expect(1).value
        assert red["passed"] is False
        assert red["red"] == ["sh check.sh"]
        assert red["hunks"] == [second]
        tree = str(red["tree"])
        shown = w.box.git("show", f"{tree}:poem.txt").decode()
        assert shown == FILES["poem.txt"].replace("line 20\n", "line twenty\n")
        w.mis("review", "accept", first).expect(0)
        document = w.root / f".makeitso/review/{w.run.id}-T1.diff"
        w.mis("review", "check").expect(0, "what is accepted: green (2 of 3 hunks)")
        assert "accepted: green (2 of 3 hunks)" in document.read_text("utf-8")
        w.mis("review", "reopen", second).expect(0)
        checks = w.mis("status", "--json").expect(0).value["runs"]
        assert "stale" in json.dumps(checks)
        assert w.read("poem.txt") == FILES["poem.txt"], "a check landed something"
        w.mis("review", "reject", second, third).expect(0)
        assert w.status()["state"] == "done"


def test_landing_waits_for_green_where_that_is_set(tmp_path: Path) -> None:
    first_proved = ("-c", 'review.check="before-landing"')
    with world(tmp_path, script(), files=FILES) as w:
        first, second, third = in_review(w, config=first_proved)
        w.mis("review", "accept", second, *first_proved).expect(0)
        w.mis("review", "reject", first, third, *first_proved).expect(0, "does not land by itself")
        assert w.read("poem.txt") == FILES["poem.txt"]
        assert w.hunks()[1]["state"] == "accepted"
        w.mis("review", "accept", first, *first_proved).expect(0, "green (2 of 3 hunks)")
        assert "line two\n" in w.read("poem.txt")
        assert w.status()["state"] == "done"


def test_what_is_red_lands_when_a_person_asks_for_it_all_the_same(tmp_path: Path) -> None:
    first_proved = ("-c", 'review.check="before-landing"')
    with world(tmp_path, script(), files=FILES) as w:
        first, second, third = in_review(w, config=first_proved)
        w.mis("review", "reject", first, third, *first_proved).expect(0)
        w.mis("review", "accept", second, *first_proved).expect(0, "does not land by itself")
        w.mis("review", "land", *first_proved).expect(0)
        assert "line twenty\n" in w.read("poem.txt")
