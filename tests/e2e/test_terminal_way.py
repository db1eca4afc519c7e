"""A person at a terminal: questions answered as they come, hunks gone through one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, change, spell, work
from e2e.terminal import CTRL_C, Terminal
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

ASKS = "accept this hunk"


def test_questions_are_answered_where_they_are_asked(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        with Terminal(w, "run", w.plan("spell", PLAN)) as t:
            t.expect("plan: run").expect("Spell the second line").expect("]? ").type("maybe")
            t.expect("]? ").type("y")
            t.expect("phase: enter verify").expect("]? ").type("y")
            t.expect(ASKS).type("?").expect("leave the rest open").expect(ASKS).type("y")
            t.end().expect(0, "landed: poem.txt")
        assert "line two\n" in w.read("poem.txt")


def test_ctrl_c_and_later_at_a_question(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        plan = w.plan("spell", PLAN)
        with Terminal(w, "run", plan) as t:
            t.expect("plan: run").expect("]? ").type(CTRL_C)
            t.end().expect(130, "mis resume")
        w.until_quiet()
        assert w.status()["state"] == "stopped"
        with Terminal(w, "resume") as t:
            t.expect("plan: run").expect("]? ").type("l")
            t.end().expect(3, "mis approve")
        assert not w.server.views
        with Terminal(w, "resume") as t:
            t.expect("plan: run").expect("]? ").type("n").expect("reason").type("not now")
            t.end().expect(1, "not now")
        assert w.status()["state"] == "stopped"


def test_hunks_are_gone_through_one_by_one(tmp_path: Path) -> None:
    script = work(
        change("line 2", "line two"),
        change("line 4", "line four"),
        change("line 20", "line twenty"),
        change("line 30", "line thirty"),
        change("line 39", "line thirty-nine"),
    )
    with world(tmp_path, script, files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes", "--halt-on", "write_files").expect(3)
        editor = w.top / "editor.sh"
        editor.write_text('#!/bin/sh\nsed -i "s/^+line twenty/+line XX/" "$1"\n')
        editor.chmod(0o755)
        assert [h["new_start"] for h in w.hunks()] == [1, 17, 27, 36]
        with Terminal(w, "review", env={"EDITOR": str(editor)}) as t:
            t.expect("+line two").expect(ASKS).type("s").expect("split into 2")
            t.expect("+line two").expect(ASKS).type("y")
            t.expect("+line four").expect(ASKS).type("n")
            t.expect("+line twenty").expect(ASKS).type("e")
            t.expect("+line thirty\n").expect(ASKS).type("j")
            t.expect("+line thirty-nine").expect(ASKS).type("k")
            t.expect("+line thirty\n").expect(ASKS).type("q")
            t.end().expect(0)
        assert w.read("poem.txt") == FILES["poem.txt"], "landed before all hunks were marked"
        with Terminal(w, "review") as t:
            t.expect("+line thirty\n").expect(ASKS).type("n keep it")
            t.expect("+line thirty-nine").expect(ASKS).type("a")
            t.end().expect(0, "landed: poem.txt")
        expected = FILES["poem.txt"]
        for old, new in (("2", "two"), ("20", "XX"), ("39", "thirty-nine")):
            expected = expected.replace(f"line {old}\n", f"line {new}\n")
        assert w.read("poem.txt") == expected
        assert "keep it" in w.task().hunk_reasons.values()
        assert w.status()["state"] == "done"


def test_a_comment_leaves_its_hunk_open_and_goes_to_the_worker(tmp_path: Path) -> None:
    script = work(change("line 2", "line two"), change("line 39", "line thirty-nine"))
    with world(tmp_path, script, files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes", "--halt-on", "write_files").expect(3)
        first, second = w.hunks()
        body = str(first["diff"]).split("\n")[1:]
        number = body.index("+line two") + 1
        editor = w.top / "editor.sh"
        editor.write_text('#!/bin/sh\ngrep -q "^# +line thirty-nine" "$1" && echo why >"$1"\n')
        editor.chmod(0o755)
        with Terminal(w, "review", env={"EDITOR": str(editor)}) as t:
            t.expect("+line two").expect(ASKS).type("c").expect(f"{number:>4} +line two")
            t.expect("comment [").type(f":{number} in French")
            t.expect(f"poem.txt:2 [{first['id']}:{number}]  in French").expect("mis review fix")
            t.expect("2 open").expect(ASKS).type("c :99 no").expect("are not there")
            t.expect("2 open").expect(ASKS).type("c on all of it").expect("on all of it")
            t.expect("2 open").expect(ASKS).type("j")
            t.expect("+line thirty-nine").expect(ASKS).type("c").expect("comment [").type("")
            t.expect("why").expect("2 open").expect(ASKS).type("q")
            t.end().expect(0)
        assert [h["state"] for h in w.hunks()] == ["pending", "pending"]
        said = [(c.text, c.hunk, c.lines) for c in w.of(ev.CommentAdded)]
        assert said == [
            ("in French", first["id"], str(number)),
            ("on all of it", first["id"], ""),
            ("why", second["id"], ""),
        ]
        w.mis("review", "fix").expect(3)
        told = next(v for v in w.server.views if "reviewed your change" in v.last_user_text)
        assert "poem.txt:2: in French\n" in told.last_user_text


def test_a_question_answered_elsewhere_is_no_question_here(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        with Terminal(w, "run", w.plan("spell", PLAN)) as t:
            t.expect("plan: run").expect("]? ")
            w.mis("approve", w.pending("plan")).expect(0)
            t.expect("T1: bootstrap").expect("phase: enter verify").expect("]? ")
            w.mis("approve", w.pending("phase")).expect(0)
            t.expect("+line two").expect(ASKS)
            # The person here is slower than the one at the other terminal, hunk by hunk too.
            w.mis("review", "accept", "--all").expect(0)
            t.end().expect(0, "landed: poem.txt")
        assert "line two\n" in w.read("poem.txt")


def test_every_hunk_rejected(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes", "--halt-on", "write_files").expect(3)
        with Terminal(w, "resume") as t:
            t.expect("+line two").expect(ASKS).type("d")
            t.end().expect(1, "every hunk was rejected")
        assert w.read("poem.txt") == FILES["poem.txt"]
        assert w.status()["state"] == "stopped"
