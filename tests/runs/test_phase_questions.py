"""Tasks that come to a boundary one after the other are one question, while nobody is at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from journal.tape import options, plan_of, task_of
from makeitso.errors import StateError
from makeitso.protocol import events as ev
from makeitso.protocol.approval import Decision
from makeitso.runs.ask import decide, withdraw
from makeitso.runs.steps.boundary import ask_phase
from runs.run_place import Place, place

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    plan = plan_of("T1", "T2", "T3", task_of("strict", approval="manual"))
    found = place(tmp_path, monkeypatch, plan=plan, how=options("confirm-phase"))
    for task in ("T1", "T2", "T3", "strict"):
        found.stands(task)
    return found


def asked(there: Place) -> list[tuple[str, tuple[str, ...], str]]:
    return [(a.id, a.tasks, a.state) for a in there.ctx.run.approvals.values()]


async def test_who_comes_later_is_asked_about_together_with_who_waits(there: Place) -> None:
    await ask_phase(there.ctx, ("T1",), "verify")
    await ask_phase(there.ctx, ("T2", "T3"), "verify")
    assert asked(there) == [("a1", ("T1",), "void"), ("a2", ("T1", "T2", "T3"), "pending")]
    newest = there.ctx.run.approvals["a2"]
    assert newest.subject == "enter verify with T1, T2, T3"
    assert [line.split()[0] for line in newest.detail.splitlines()] == ["T1", "T2", "T3"]
    with pytest.raises(StateError, match="already void"):
        decide(there.ctx.book, Decision(id="a1", grant=True))


async def test_the_question_a_person_is_at_stays_as_it_is(there: Place) -> None:
    await ask_phase(there.ctx, ("T1",), "verify")
    there.door.at = "a1"
    await ask_phase(there.ctx, ("T2",), "verify")
    await ask_phase(there.ctx, ("T3",), "verify")
    assert asked(there) == [
        ("a1", ("T1",), "pending"), ("a2", ("T2",), "void"), ("a3", ("T2", "T3"), "pending"),
    ]  # fmt: skip


async def test_other_boundaries_and_tasks_under_manual_keep_their_questions(there: Place) -> None:
    await ask_phase(there.ctx, ("T1",), "task")
    await ask_phase(there.ctx, ("strict",), "verify")
    await ask_phase(there.ctx, ("T2",), "verify")
    await ask_phase(there.ctx, ("T3",), "verify")
    states = {tasks: state for _, tasks, state in asked(there)}
    assert states == {
        ("T1",): "pending", ("strict",): "pending", ("T2",): "void", ("T2", "T3"): "pending",
    }  # fmt: skip


async def test_what_was_answered_is_not_asked_again(there: Place) -> None:
    await ask_phase(there.ctx, ("T1",), "verify")
    assert there.ctx.run.approvals["a1"].state == "pending"
    elsewhere = there.bridge.second()
    with elsewhere as other:
        decide(other.book, Decision(id="a1", grant=True))  # not folded here yet
        await ask_phase(there.ctx, ("T2",), "verify")
    there.ctx.book.refresh()
    assert asked(there) == [("a1", ("T1",), "granted"), ("a2", ("T2",), "pending")]


async def test_an_answer_that_came_first_is_not_taken_back(there: Place) -> None:
    await ask_phase(there.ctx, ("T1",), "verify")
    with there.bridge.second() as other:
        decide(other.book, Decision(id="a1", grant=False, because="no"))
        assert withdraw(there.ctx, "a1", reason="asked anew") is False
    assert there.ctx.run.approvals["a1"].because == "no"
    assert not there.found(ev.ApprovalVoided)
