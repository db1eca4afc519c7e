"""Answers for always: a worker asks to leave the sandbox; a stored rule answers the next time."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, POEM, change, spell
from makeitso.protocol import events as ev
from makeitso.scripted import Answer, RequestView, Run, Say, Script
from makeitso.wiring.faults import FAULT_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]


def asking(first: str, second: str) -> Script:
    """A worker that runs two commands outside the sandbox, and asks again after a resume."""
    out = {"sandbox_permissions": "require_escalated", "justification": "I need it"}

    def script(view: RequestView) -> Answer:
        tries = [call for call in view.calls if call.key == "out"]
        again = len(tries) == 1 and "interrupted" in view.last_user_text
        if not tries or again:
            return Answer(items=(Run(first, "out~2" if tries else "out", out),))
        if not view.answered("more"):
            return Answer(items=(Run(second, "more", out),))
        if not view.answered("patch"):
            return Answer(items=(change("line 2", "line two", call="patch"),))
        return Answer(items=(Say("Line 2 is spelled out.", phase="final_answer"),))

    return script


def test_what_was_allowed_for_always_is_not_asked_again_until_it_is_taken_back(
    tmp_path: Path,
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    first, second = f"touch {outside}/a", f"touch {outside}/b"
    with world(tmp_path, asking(first, second), files=FILES) as w:
        plan = w.plan("spell", PLAN)
        w.mis("run", plan, "--yes").expect(3, first)
        (row,) = [r for r in w.mis("approve", "--list", "--json").rows if r["kind"] == "command"]
        assert (row["pattern"], "always" in str(row["scopes"])) == (first, True)
        assert f"every `{first}` here, unasked" in str(row["detail"])
        w.mis("approve", str(row["id"]), "--always", f"touch {outside}/*").expect(0, "r1 allow")
        w.mis("resume").expect(0, "granted by rule r1", "done")
        assert {path.name for path in outside.iterdir()} == {"a", "b"}
        commands = [a for a in w.run.approvals.values() if a.kind == "command"]
        assert [a.who == "rule r1" for a in commands] == [False, True]

        # In the next run nothing is asked at all.
        for path in outside.iterdir():
            path.unlink()
        (w.root / "poem.txt").write_text(POEM)
        w.plan("spell", PLAN)
        w.mis("run", plan, "--yes").expect(0, "granted by rule r1")
        assert {path.name for path in outside.iterdir()} == {"a", "b"}
        (rule,) = _rules(w.mis("approve", "--rules", "--json").value)
        assert (rule["uses"], rule["approval"]) == (3, row["id"])

        # With each command asked for, and after it is taken back, it is asked again.
        (w.root / "poem.txt").write_text(POEM)
        w.plan("spell", PLAN)
        w.mis("run", plan, "--yes", "--halt-on", "run_shell").expect(3, first)
        w.mis("stop")
        w.mis("approve", "--revoke", "r1").expect(0)
        w.mis("run", plan, "--yes").expect(3, first)


def test_what_was_denied_for_good_is_refused_at_once_and_the_worker_is_told(
    tmp_path: Path,
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    line = f"touch {outside}/a"
    with world(tmp_path, asking(line, f"env A=b {line}"), files=FILES) as w:
        w.mis("approve", "--add-rule", "deny", "touch *", "--everywhere").expect(0)
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(0, "denied by rule r1")
        assert not list(outside.iterdir())
        decided = [d for d in w.of(ev.ApprovalDecided) if d.who == "rule r1"]
        assert [d.grant for d in decided] == [False, False], "what wraps it hides nothing"
        reason = "a stored rule denies `touch *`"
        told = [t for view in w.server.views for t in view.user_texts if reason in t]
        assert told, "the worker was told why"
        assert "line two\n" in w.read("poem.txt")


def test_an_answer_whose_giver_was_killed_is_stored_by_the_run_that_goes_on(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    first, second = f"touch {outside}/a", f"touch {outside}/b"
    with world(tmp_path, asking(first, second), files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(3, first)
        dying = {FAULT_VARIABLE: "recorded.approval.decided"}
        pattern = f"touch {outside}/*"
        ended = w.start("approve", w.pending("command"), "--always", pattern, env=dying).wait()
        assert ended.code == -signal.SIGKILL, ended
        w.mis("resume").expect(0, "granted by rule r1", "done")
        assert {path.name for path in outside.iterdir()} == {"a", "b"}
        assert [(e.id, e.rule) for e in w.of(ev.RuleStored)] == [("a2", "r1")]


def test_a_broken_rules_file_is_said_when_a_run_begins_and_what_it_allowed_is_asked(
    tmp_path: Path,
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    line = f"touch {outside}/a"
    with world(tmp_path, asking(line, line), files=FILES) as w:
        w.mis("approve", "--add-rule", "allow", line).expect(0)
        file = w.home / ".config/makeitso/rules.toml"
        file.write_text(file.read_text() + "[[rule]\n")
        said = w.mis("run", w.plan("spell", PLAN), "--yes")
        said.expect(3, "stored rules allow nothing", "rules.toml:11:7", line)
        assert not list(outside.iterdir())


def test_a_task_set_to_manual_in_a_delegated_run_is_asked_as_documented(tmp_path: Path) -> None:
    setting = PLAN.replace("  - done when", "  - approval: manual\n  - done when")
    with world(tmp_path, spell(), files=FILES) as w:
        shown: list[str] = []
        ended = w.mis("run", w.plan("spell", setting), "--approval", "delegate")
        while ended.code == 3:
            (row,) = w.mis("approve", "--list", "--json").rows
            shown.append(str(row["phase"] or row["kind"]))
            w.mis("approve", str(row["id"])).expect(0)
            ended = w.mis("resume") if w.run.finished is None else w.mis("status")
        assert shown == ["plan", "task", "verify", "summarize", "change"]


def _rules(listed: dict[str, object]) -> list[dict[str, object]]:
    rules = listed["rules"]
    assert isinstance(rules, list)
    return rules  # pyright: ignore[reportUnknownVariableType] -- JSON
