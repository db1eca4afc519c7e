"""Checks after a landing and of what is accepted, and set-up that runs again: time bounds them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import pytest

from journal.tape import Check, Phase, landing, plan_of, task_of
from makeitso.journal.fold import fold_all
from makeitso.journal.view import task_view
from makeitso.protocol import events as ev
from makeitso.protocol.approval import Decision
from makeitso.protocol.words import PHASES
from makeitso.runs import engine
from makeitso.runs.ask import ask, decide
from makeitso.runs.checking import end_check
from makeitso.runs.ports import Nobody
from makeitso.runs.proposing import propose
from makeitso.runs.rounds.endings import Unanswered
from makeitso.runs.steps.check_accepted import check_accepted
from makeitso.runs.steps.check_landed import check_landed
from makeitso.runs.steps.task import work
from makeitso.workspace import snapshots
from runs.run_place import Place, place

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.approval import Approval
    from makeitso.workspace.worktrees import Worktree

pytestmark = pytest.mark.anyio
SLOW = Check(command="test -e go.txt || sleep 3600")
"""Longer than any test, unless the tree says go."""
MOST_S = 60


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    found = place(
        tmp_path,
        monkeypatch,
        plan=plan_of(
            task_of(
                "T1",
                checks=[SLOW],
                budget_s=MOST_S,
                phases=(Phase(name="task", budget_s=MOST_S),),
            )
        ),
    )
    found.ctx.append(ev.TaskStarted(), task="T1")
    return found


def worked(there: Place, ms: int) -> None:
    there.ctx.append(ev.TimeCounted(active_ms=ms, run_ms=ms), task="T1", phase="task")


async def asked(there: Place) -> Approval:
    with anyio.fail_after(60):
        while not there.ctx.run.pending:
            await there.ctx.book.changed()
    return there.ctx.run.pending[0]


async def landed(there: Place, *, nobody: bool = False) -> None:
    with anyio.fail_after(60):
        await check_landed(there.ctx, "T1", nobody=lambda: nobody)


async def test_a_check_after_landing_is_ended_at_the_ceiling_and_done_anew(there: Place) -> None:
    there.base("T1")
    worked(there, MOST_S * 1000 - 300)
    async with anyio.create_task_group() as group:
        group.start_soon(landed, there)
        question = await asked(there)
        assert question.ceiling is not None
        assert (question.ceiling.scope, question.ceiling.measure) == ("task", "time")
        assert "what landed stays" in question.detail
        assert not there.found(ev.CheckRan), "a check that was ended proves nothing"
        there.box.write("go.txt", b"")
        decide(there.ctx.book, Decision(id=question.id, grant=True, answer="10 min"))
    (check,) = there.ctx.task("T1").checks
    assert (check.where, check.passed) == ("landed", True)
    assert there.ctx.task("T1").landed_checked
    assert there.ctx.task("T1").active_ms >= MOST_S * 1000, "its time is time at work"
    assert there.ctx.task("T1").phases["task"].active_ms == MOST_S * 1000 - 300


async def test_what_was_counted_holds_for_who_takes_the_run_up(there: Place) -> None:
    there.base("T1")
    worked(there, MOST_S * 1000 - 300)
    with pytest.raises(Unanswered):
        await landed(there, nobody=True)
    again = fold_all(list(there.ctx.ports.journal.read()))[there.ctx.run_id]
    assert again.tasks["T1"].active_ms == there.ctx.task("T1").active_ms >= MOST_S * 1000
    with pytest.raises(Unanswered):
        await landed(there, nobody=True)
    assert len(there.found(ev.ApprovalAsked)) == 1
    assert len(there.found(ev.SnapshotTaken)) == 2, "base and first try: nothing is begun past it"


async def test_a_check_that_nobody_gives_time_stays_without_a_result(there: Place) -> None:
    there.base("T1")
    there.ctx.append(ev.LandingEnded(landing=landing("T1", ("h1",))), task="T1")
    worked(there, MOST_S * 1000)
    with pytest.raises(Unanswered):
        await landed(there, nobody=True)
    decide(there.ctx.book, Decision(id=there.ctx.run.pending[0].id, grant=False, because="enough"))
    await landed(there)
    task = there.ctx.task("T1")
    (check,) = task.checks
    assert (check.cut, check.passed, check.where) == (True, False, "landed")
    assert task.landed_checked, "it is not tried for ever"
    assert task_view(there.ctx.run, task).checks[0].landed == "ended early"
    assert any("not checked after landing" in note and "enough" in note for note in task.notes)


async def test_what_lands_by_hand_after_the_end_is_checked_and_counted(there: Place) -> None:
    there.base("T1")
    there.box.write("go.txt", b"")
    worked(there, MOST_S * 1000)
    there.ctx.append(ev.TaskEnded(state="failed", reason="its budget"), task="T1")
    before = there.ctx.task("T1").active_ms
    await landed(there, nobody=True)
    assert [check.passed for check in there.ctx.task("T1").checks] == [True]
    assert not there.ctx.run.pending
    assert there.ctx.task("T1").active_ms > before


async def proposed(there: Place, tree: Worktree) -> None:
    (tree.path / "a.txt").write_bytes(b"two\n")
    await propose(there.ctx, "T1", tree)
    hunks = tuple(there.ctx.task("T1").hunks)
    there.ctx.append(ev.HunkMarked(hunks=hunks, mark="accepted"), task="T1", actor="person")
    there.ctx.append(ev.CheckRequested(), task="T1", actor="person")


async def accepted(there: Place, *, nobody: bool) -> None:
    with anyio.fail_after(60):
        await check_accepted(there.ctx, "T1", holds=True, nobody=lambda: nobody)


async def test_the_check_of_what_is_accepted_is_ended_at_the_ceiling(there: Place) -> None:
    tree = there.base("T1")
    await proposed(there, tree)
    worked(there, MOST_S * 1000 - 300)
    with pytest.raises(Unanswered):
        await accepted(there, nobody=True)
    assert there.ctx.task("T1").check_wanted, "it is still to be done"
    assert (tree.path / "a.txt").read_bytes() == b"two\n", "the worktree is as it was"
    assert there.ctx.task("T1").active_ms >= MOST_S * 1000
    decide(there.ctx.book, Decision(id=there.ctx.run.pending[0].id, grant=False, because="enough"))
    await accepted(there, nobody=False)
    said = there.ctx.task("T1").accepted_check
    assert said is not None
    assert said.passed is None
    assert "enough" in said.reason
    assert not there.ctx.task("T1").check_wanted


def standing(there: Place) -> list[tuple[str, str]]:
    return [(a.kind, a.state) for a in there.ctx.run.approvals.values()]


async def test_a_question_of_checks_that_are_ended_falls_away_with_them(there: Place) -> None:
    await proposed(there, there.base("T1"))
    worked(there, MOST_S * 1000)
    with pytest.raises(Unanswered):
        await accepted(there, nobody=True)
    assert standing(there) == [("budget", "pending")]
    end_check(there.ctx.book, there.ctx.run_id, "T1", reason="canceled")
    assert standing(there) == [("budget", "void")]
    said = there.ctx.task("T1").accepted_check
    assert said is not None
    assert said.reason == "canceled"


async def test_a_run_does_not_wait_for_the_budget_of_checks_that_were_ended(there: Place) -> None:
    ask(there.ctx, kind="plan", subject="p", digest="p1")
    decide(there.ctx.book, Decision(id="a1", grant=True))
    tree = there.base("T1")
    for phase in PHASES:
        there.ctx.append(ev.PhaseEnded(state="passed"), task="T1", phase=phase)
    there.ctx.append(ev.TaskReviewing(), task="T1")
    await proposed(there, tree)
    worked(there, MOST_S * 1000)
    config = there.ctx.ports.config
    by_hand = config.review.model_copy(update={"land": "manual"})
    ports = replace(there.ctx.ports, config=config.model_copy(update={"review": by_hand}))

    async def exit_code() -> int:
        book = there.ctx.book
        with anyio.fail_after(60):
            return (await engine.drive(ports, book, Nobody(), there.ctx.run_id)).exit_code

    assert await exit_code() == 4
    end_check(there.ctx.book, there.ctx.run_id, "T1", reason="canceled")
    assert await exit_code() == 3, "marks are waited for, and no budget"


async def test_a_question_asked_while_the_checks_are_ended_does_not_stand_for_ever(
    there: Place,
) -> None:
    await proposed(there, there.base("T1"))
    there.ctx.append(ev.TaskReviewing(), task="T1")
    worked(there, MOST_S * 1000)
    async with anyio.create_task_group() as group:

        async def check() -> None:
            await accepted(there, nobody=False)

        group.start_soon(check)
        first = await asked(there)
        end_check(there.ctx.book, there.ctx.run_id, "T1", reason="canceled")
        with anyio.fail_after(60):  # whoever runs them has not heard of it and asks again
            while [a.id for a in there.ctx.run.pending] in ([], [first.id]):
                await there.ctx.book.changed()
        group.cancel_scope.cancel()
    assert standing(there) == [("budget", "void"), ("budget", "void")]


async def test_a_question_that_another_task_has_stays_when_checks_are_ended(there: Place) -> None:
    await proposed(there, there.base("T1"))
    worked(there, MOST_S * 1000)
    with pytest.raises(Unanswered):
        await accepted(there, nobody=True)
    (question,) = there.found(ev.ApprovalAsked)
    there.ctx.append(question.model_copy(update={"tasks": ("T2",)}))
    end_check(there.ctx.book, there.ctx.run_id, "T1", reason="canceled")
    assert standing(there) == [("budget", "pending")]


async def test_set_up_that_runs_again_for_a_worker_is_ended_and_what_was_made_is_kept(
    there: Place,
) -> None:
    tree = there.base("T1")
    (tree.path / "a.txt").write_bytes(b"two\n")
    made = snapshots.take(there.ctx.ports.repo, tree, run="r", task="T1", name="round-1")
    ctx = there.ctx
    taken = ev.SnapshotTaken(name="round-1", tree=made.tree, commit=made.commit, ref=made.ref)
    ctx.append(ev.PhaseStarted(), task="T1", phase="task")
    ctx.append(taken, task="T1", phase="task")
    config = ctx.ports.config
    slow = config.bootstrap.model_copy(update={"commands": ("echo junk > left.txt; sleep 3600",)})
    ports = replace(ctx.ports, config=config.model_copy(update={"bootstrap": slow}))
    ctx = replace(ctx, ports=ports)
    worked(there, MOST_S * 1000 - 300)

    async def once(*, nobody: bool) -> None:
        with anyio.fail_after(60), ctx.meter.running("T1", "task"):
            await work(ctx, "T1", nobody=lambda: nobody)

    with pytest.raises(Unanswered):
        await once(nobody=True)
    assert not there.found(ev.SetupRan)
    assert not there.found(ev.WorkerStarted)
    assert ctx.task("T1").phases["task"].active_ms >= MOST_S * 1000
    while ctx.run.pending:
        for question in ctx.run.pending:
            decide(ctx.book, Decision(id=question.id, grant=False, because="enough"))
    await once(nobody=False)
    phase = ctx.task("T1").phases["task"]
    assert (phase.state, "enough" in phase.reason) == ("failed", True)
    change = ctx.task("T1").change
    assert change is not None
    assert change.tree == made.tree, "what set-up left is no part of it, what the worker made is"
