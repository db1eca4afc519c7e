"""A worker that wants to leave the sandbox: asked, denied with a reason, granted by digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, change
from makeitso.scripted import Answer, RequestView, Run, Say, Script

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]


def escalating(command: str) -> Script:
    """A worker that asks for `command` outside the sandbox until it is answered for good."""

    def script(view: RequestView) -> Answer:
        tries = [call for call in view.calls if call.key == "out"]
        denied = any("keep to the worktree" in (call.output or "") for call in view.calls)
        interrupted = bool(tries) and not denied and not tries[-1].succeeded
        fresh = interrupted and "interrupted" in view.last_user_text
        if not tries or (fresh and len(tries) < 2):
            options = {"sandbox_permissions": "require_escalated", "justification": "I need it"}
            name = "out" if not tries else f"out~{len(tries) + 1}"
            return Answer(items=(Run(command, name, options),))
        if not view.answered("patch"):
            return Answer(items=(change("line 2", "line two", call="patch"),))
        return Answer(items=(Say("Line 2 is spelled out.", phase="final_answer"),))

    return script


def test_leaving_the_sandbox_is_granted_after_a_resume_by_what_was_asked(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    with world(tmp_path, escalating(f"echo out >> {outside}/made"), files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(3, "command", str(outside))
        assert not (outside / "made").exists()
        row = next(
            row for row in w.mis("approve", "--list", "--json").rows if row["kind"] == "command"
        )
        assert row["unsandboxed"] is True
        w.until_quiet()
        w.mis("approve", str(row["id"])).expect(0)
        w.mis("resume").expect(0)
        assert (outside / "made").read_text() == "out\n", "it ran not once"
        assert [a.state for a in w.run.approvals.values() if a.kind == "command"] == ["granted"]
        assert "line two\n" in w.read("poem.txt")


def test_a_denial_reaches_the_worker_with_its_reason(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    with world(tmp_path, escalating(f"echo out >> {outside}/made"), files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(3)
        question = w.pending("command")
        w.mis("approve", "--deny", question, "--because", "keep to the worktree").expect(0)
        w.mis("resume").expect(0)
        assert not (outside / "made").exists()
        told = [t for view in w.server.views for t in view.user_texts if "keep to the" in t]
        answers = [c.output or "" for view in w.server.views for c in view.calls]
        assert told or any("keep to the worktree" in text for text in answers)
        assert "line two\n" in w.read("poem.txt")


def test_halt_on_run_shell_asks_for_every_command(tmp_path: Path) -> None:
    def script(view: RequestView) -> Answer:
        if not view.answered("look"):
            number = sum(call.key == "look" for call in view.calls)
            return Answer(items=(Run("cat poem.txt", f"look~{number + 1}" if number else "look"),))
        if not view.answered("patch"):
            return Answer(items=(change("line 2", "line two", call="patch"),))
        return Answer(items=(Say("Line 2 is spelled out.", phase="final_answer"),))

    with world(tmp_path, script, files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes", "--halt-on", "run_shell").expect(
            3, "cat poem.txt"
        )
        w.mis("approve", w.pending("command"), "--scope", "task").expect(0)
        w.mis("resume").expect(0)
        assert "line two\n" in w.read("poem.txt")
