"""Ceilings in a run: who is asked what, what an answer gives, what is ended and done anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from journal.tape import Phase, options, plan_of, task_of
from makeitso.errors import UsageError
from makeitso.protocol import events as ev
from makeitso.protocol.approval import Decision
from makeitso.runs.ask import decide
from makeitso.runs.ceilings import TIME, bounded, within
from makeitso.runs.rounds.endings import Given, Unanswered
from runs.run_place import Place, place

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.approval import Approval

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    first = task_of("T1", budget_tokens=80, phases=(Phase(name="task", budget_s=60),))
    found = place(tmp_path, monkeypatch, plan=plan_of(first, "T2"), how=options(budget_tokens=100))
    found.stands("T1")
    return found


def spend(there: Place, tokens: int, task: str = "T1") -> None:
    used = ev.UsageCounted(source="worker", input_tokens=tokens, output_tokens=0)
    there.ctx.append(used, task=task, phase="task")


def work(there: Place, ms: int) -> None:
    there.ctx.append(ev.TimeCounted(active_ms=ms, run_ms=ms), task="T1", phase="task")


async def gate(there: Place, task: str = "T1", *, nobody: bool = False) -> None:
    with anyio.fail_after(30):
        await within(there.ctx, task=task, phase="task", nobody=lambda: nobody)


async def asked(there: Place) -> Approval:
    with anyio.fail_after(30):
        while not there.ctx.run.pending:
            await there.ctx.book.changed()
    return there.ctx.run.pending[0]


async def test_with_something_left_nobody_is_asked(there: Place) -> None:
    spend(there, 79)
    work(there, 59_000)
    await gate(there)
    assert not there.ctx.run.pending
    near = [d.ceiling for d in there.found(ev.BudgetNeared) if isinstance(d, ev.BudgetNeared)]
    assert {(c.scope, c.measure) for c in near} == {("task", "tokens"), ("phase", "time")}
    await gate(there)
    assert len(there.found(ev.BudgetNeared)) == 2, "it is said once"


async def test_with_nobody_there_the_question_stands(there: Place) -> None:
    spend(there, 80)
    for _ in range(2):
        with pytest.raises(Unanswered):
            await gate(there, nobody=True)
    (question,) = there.ctx.run.pending
    assert question.kind == "budget"
    assert "the budget of T1 is used up: 80 of 80 tokens" in question.subject
    assert "80 tokens more" in question.subject
    assert question.ceiling is not None
    assert (question.ceiling.scope, question.ceiling.grant) == ("task", 80)


@pytest.mark.parametrize(("answer", "limit"), [("", 160), ("15", 95), ("0.1k", 180)])
async def test_a_grant_gives_as_much_again_or_what_is_said(
    there: Place, answer: str, limit: int
) -> None:
    spend(there, 80)
    async with anyio.create_task_group() as group:
        group.start_soon(gate, there)
        question = await asked(there)
        decide(there.ctx.book, Decision(id=question.id, grant=True, answer=answer))
    assert there.ctx.run.raised == {("task", "tokens", "T1", None): limit - 80}


@pytest.mark.parametrize("answer", ["10 min", "soon", "-5", "0"])
async def test_an_answer_that_is_no_amount_decides_nothing(there: Place, answer: str) -> None:
    spend(there, 80)
    with pytest.raises(Unanswered):
        await gate(there, nobody=True)
    (question,) = there.ctx.run.pending
    with pytest.raises(UsageError, match="is no amount") as error:
        decide(there.ctx.book, Decision(id=question.id, grant=True, answer=answer))
    assert "50k" in error.value.hint
    assert there.ctx.run.pending


async def test_five_m_are_minutes_where_time_is_asked_for(there: Place) -> None:
    work(there, 60_000)
    with pytest.raises(Unanswered):
        await gate(there, nobody=True)
    (question,) = there.ctx.run.pending
    decide(there.ctx.book, Decision(id=question.id, grant=True, answer="5m"))
    assert there.ctx.run.raised == {("phase", "time", "T1", "task"): 300_000}


async def test_a_refusal_ends_the_task_and_every_other_at_the_same_ceiling(there: Place) -> None:
    spend(there, 100, "T2")
    with pytest.raises(Unanswered):
        await gate(there, "T2", nobody=True)
    (question,) = there.ctx.run.pending
    assert question.ceiling is not None
    assert question.ceiling.scope == "run"
    decide(there.ctx.book, Decision(id=question.id, grant=False, because="enough"))
    for task in ("T1", "T2"):
        with pytest.raises(Given, match="not raised: enough"):
            await gate(there, task)
    assert not there.ctx.run.pending


async def test_two_tasks_at_one_ceiling_put_one_question(there: Place) -> None:
    spend(there, 100, "T2")
    for task in ("T2", "T1"):
        with pytest.raises(Unanswered):
            await gate(there, task, nobody=True)
    (question,) = there.ctx.run.pending
    assert set(question.tasks) == {"T1", "T2"}


async def test_yes_does_not_answer_it(there: Place) -> None:
    run = there.ctx.run
    run.options = run.options.model_copy(update={"yes": True})
    spend(there, 80)
    with pytest.raises(Unanswered):
        await gate(there, nobody=True)
    assert there.ctx.run.pending


async def test_work_is_ended_at_the_ceiling_and_done_anew_after_a_grant(there: Place) -> None:
    begun: list[int] = []
    got: list[str] = []
    ended: list[str] = []

    async def once() -> str:
        begun.append(1)
        if len(begun) > 1:
            return "done"
        try:
            spend(there, 80)
            await anyio.sleep(3600)
        finally:
            ended.append("cancelled")
        return "never"

    async def answer() -> None:
        question = await asked(there)
        assert ended == ["cancelled"], "it was ended before anybody was asked"
        decide(there.ctx.book, Decision(id=question.id, grant=True))

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(answer)
            done = await bounded(there.ctx, once, task="T1", phase="task", nobody=lambda: False)
            got.append(done)
    assert (got, len(begun)) == (["done"], 2)


async def test_time_alone_ends_it_while_nothing_is_recorded(there: Place) -> None:
    work(there, 59_900)

    async def once() -> None:
        await anyio.sleep(3600)

    with anyio.fail_after(90), pytest.raises(Unanswered), there.ctx.meter.running("T1", "task"):
        await bounded(there.ctx, once, task="T1", phase="task", nobody=lambda: True)
    assert there.ctx.task("T1").phases["task"].active_ms >= 60_000


async def test_what_spends_no_tokens_is_not_stopped_for_want_of_them(there: Place) -> None:
    spend(there, 500)

    async def once() -> int:
        return 7

    with anyio.fail_after(30):
        got = await bounded(
            there.ctx, once, task="T1", phase="verify", nobody=lambda: True, measures=TIME
        )
    assert got == 7


async def test_a_failure_of_the_work_comes_out_as_itself(there: Place) -> None:
    async def once() -> None:
        raise UsageError("of the work")

    with anyio.fail_after(30), pytest.raises(UsageError, match="of the work"):
        await bounded(there.ctx, once, task="T1", phase="task", nobody=lambda: True)
