"""How often a person is asked, and what policies forbid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import CHECK, FILES, PLAN, POEM, add, by_task, change, spell, work
from makeitso.scripted import Answer, Patch, Run, Say, workflow

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

MOST_QUESTIONS = 12


def until_done(w: World, plan: str, *more: str) -> int:
    """Answer yes to everything as it comes, as a person without a terminal; how many times."""
    answered = 0
    ended = w.mis("run", plan, *more)
    while ended.code == 3:
        rows = w.mis("approve", "--list", "--json").expect(0).rows
        assert rows, ended
        for row in rows:
            w.mis("approve", str(row["id"])).expect(0)
            answered += 1
        if w.run.finished is not None:
            return answered
        ended = w.mis("resume")
    ended.expect(0)
    return answered


def test_five_tasks_cost_a_person_at_most_twelve_questions(tmp_path: Path) -> None:
    names = ("alpha", "beta", "gamma", "delta", "omega")
    item = "- [ ] **{0}** Write {0}\n  - files: `{0}.txt`\n  - done when: `test -e {0}.txt`\n"
    items = "\n".join(item.format(name) for name in names)
    script = by_task(**{name: work(add(f"{name}.txt", name), last="Written.") for name in names})
    with world(tmp_path, script, files=FILES) as w:
        plan = w.plan("five", f"# Five files\n\nFive files are written.\n\n{items}")
        answered = until_done(w, plan)
        open_to_the_end = [a for a in w.run.approvals.values() if a.state != "void"]
        assert answered == len(open_to_the_end) <= MOST_QUESTIONS
        assert len(w.run.approvals) <= MOST_QUESTIONS, "also with those that were asked anew"
        assert {t.ended for t in w.run.tasks.values()} == {"landed"}
        assert all((w.root / f"{name}.txt").read_text() == f"{name}\n" for name in names)


def test_manual_asks_at_every_boundary_and_delegate_at_none(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        plan = w.plan("spell", PLAN)
        until_done(w, plan, "--approval", "manual")
        kinds = [a.kind for a in w.run.approvals.values()]
        assert kinds == ["plan", "phase", "phase", "phase", "change"]
        assert [a.phase for a in w.run.approvals.values() if a.kind == "phase"] == [
            "task",
            "verify",
            "summarize",
        ]
        (w.root / "poem.txt").write_text(POEM)
        w.plan("spell", PLAN)
        until_done(w, plan, "--approval", "delegate", "-c", 'policies.write_files="auto"')
        assert [a.kind for a in w.run.approvals.values()] == ["plan"]
        assert "line two\n" in w.read("poem.txt")


def test_never_write_files_proposes_nothing_and_never_run_shell_offers_none(
    tmp_path: Path,
) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        plan = w.plan("spell", PLAN)
        ended = w.mis("run", plan, "--yes", "-c", 'policies.write_files="never"')
        assert ended.code == 1, ended
        assert w.read("poem.txt") == POEM
        assert not w.hunks()
        w.mis("run", plan, "--yes", "-c", 'policies.run_shell="never"').expect(0)
        tools = w.server.views[-1].tools
        assert not {"exec_command", "shell", "shell_command"} & set(tools), tools


def test_what_a_worker_puts_into_git_stays_out(tmp_path: Path) -> None:
    """Hooks, links that lead out, binaries and deletions: refused, or a person's to decide."""
    link = Run("ln -s /etc/hostname leak; printf 'a\\0b' > data.bin; rm old.txt", "link")
    hook = Patch(
        "*** Begin Patch\n*** Add File: .github/workflows/ci.yml\n+on: push\n*** End Patch\n",
        "hook",
    )
    script = workflow(
        Answer(items=(link,)),
        Answer(items=(hook,)),
        Answer(items=(change("line 2", "line two"),)),
        Answer(items=(Say("Done.", phase="final_answer"),)),
    )
    with world(tmp_path, script, files={**FILES, "old.txt": "old\n"}) as w:
        plan = w.plan("spell", PLAN.replace(CHECK, "true").replace(" (was: failing)", ""))
        w.mis("run", plan, "--yes").expect(3, "left to a person", "ci.yml")
        states = {str(h["path"]): str(h["state"]) for h in w.hunks()}
        assert set(states) == {
            ".github/workflows/ci.yml",
            "leak",
            "data.bin",
            "old.txt",
            "poem.txt",
        }
        assert states["leak"] == "refused"
        w.mis("review", "accept", "--all").expect(0)
        assert (w.root / "data.bin").read_bytes() == b"a\0b"
        assert not (w.root / "old.txt").exists()
        assert not (w.root / "leak").is_symlink()
        assert w.read(".github/workflows/ci.yml") == "on: push\n"
