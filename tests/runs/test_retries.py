"""What passes is tried again, later each time, a few times, and not from the start after a kill."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import anyio
import pytest

from journal.tape import Check, plan_of, task_of
from makeitso.errors import AnswerError, AuthError, MisError, ModelError, WorkerError
from makeitso.journal.fold import fold_all
from makeitso.managers.port import Answer, Spent
from makeitso.protocol import events as ev
from makeitso.protocol.plan import Judgement
from makeitso.runs import retries
from makeitso.runs.asking import ask_manager
from makeitso.runs.checks import run_checks
from runs.run_place import Place, place

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.managers.port import ManagerEvent

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(retries, "FIRST_S", 0.02)
    return place(tmp_path, monkeypatch, plan=plan_of("T1"))


def planned(there: Place) -> list[ev.RetryPlanned]:
    return cast("list[ev.RetryPlanned]", there.found(ev.RetryPlanned))


class Failing:
    """A manager that fails so often and then answers."""

    def __init__(self, *errors: MisError) -> None:
        self.errors, self.asked = list(errors), 0

    async def __call__(self, saw: object) -> Answer[Judgement]:
        del saw
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        judgement = Judgement(verdict="done", instructions="", note="", wait_s=0)
        return Answer(value=judgement, spent=Spent(), prompt_digest="")


async def ask(there: Place, manager: Failing) -> Answer[Judgement]:
    there.stands("T1")

    async def call(saw: object) -> Answer[Judgement]:
        return await manager(cast("ManagerEvent", saw))

    return await ask_manager(
        there.ctx, call, intent="EVAL", root=there.bridge.root, nobody=lambda: True, task="T1"
    )


async def test_a_manager_that_fails_and_then_answers(there: Place) -> None:
    manager = Failing(ModelError("busy"), WorkerError("gone"))
    await ask(there, manager)
    assert manager.asked == 3
    assert [(p.what, p.attempt, p.reason) for p in planned(there)] == [
        ("manager", 1, "busy"), ("manager", 2, "gone"),
    ]  # fmt: skip


async def test_an_answer_that_came_at_the_second_asking_is_said_with_why(there: Place) -> None:
    there.stands("T1")

    async def call(saw: object) -> Answer[Judgement]:
        del saw
        judgement = Judgement(verdict="done", instructions="", note="", wait_s=0)
        why = "verdict: Input should be 'done'"
        return Answer(value=judgement, prompt_digest="", attempts=2, unfit=why)

    await ask_manager(
        there.ctx, call, intent="EVAL", root=there.bridge.root, nobody=lambda: True, task="T1"
    )
    (note,) = [e for e in there.ctx.ports.journal.read() if isinstance(e.data, ev.NoteAdded)]
    assert isinstance(note.data, ev.NoteAdded)
    assert (note.actor, note.task, note.data.level) == ("manager", "T1", "warning")
    assert "did not fit: verdict: Input should be 'done'" in note.data.text


async def test_not_for_ever(there: Place) -> None:
    manager = Failing(*[ModelError(f"busy {n}") for n in range(9)])
    with pytest.raises(ModelError, match="busy 2"):
        await ask(there, manager)
    assert manager.asked == 1 + retries.MOST
    # Put down, it may be tried as often again; after a kill it may not.
    with pytest.raises(ModelError, match="busy 3"):
        await ask(there, manager)
    there.ctx.append(ev.RunPaused(state="stopped", reason="busy", exit_code=1))
    with pytest.raises(ModelError, match="busy 6"):
        await ask(there, manager)


@pytest.mark.parametrize("error", [AuthError("no key"), AnswerError("no plan")])
async def test_what_does_not_pass_is_not_tried_again(there: Place, error: MisError) -> None:
    manager = Failing(error)
    with pytest.raises(type(error)):
        await ask(there, manager)
    assert manager.asked == 1
    assert planned(there) == []


async def test_each_pause_is_longer_and_tasks_do_not_come_back_together(
    there: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "MOST", 4)
    pauses: list[float] = []
    for _ in range(4):
        now = there.ctx.ports.clock.now_ms()
        with anyio.CancelScope() as scope:
            scope.cancel()
            await retries.again(there.ctx, "turn", "busy", task="T1")
        pauses.append((planned(there)[-1].at - now) / 1000)
    for number, pause in enumerate(pauses):
        whole = 0.02 * retries.FACTOR**number
        assert whole / 2 - 0.002 <= pause <= whole + 0.5
    with anyio.fail_after(20):
        assert not await retries.again(there.ctx, "turn", "busy", task="T1")


async def test_a_restart_waits_out_what_was_planned_and_goes_on_counting(there: Place) -> None:
    now = there.ctx.ports.clock.now_ms()
    there.ctx.append(
        ev.RetryPlanned(what="turn", attempt=2, at=now + 10_000_000, reason="x"), task="T1"
    )
    run = fold_all(there.ctx.ports.journal.read())[there.ctx.run_id]
    assert run.tasks["T1"].retries == 2
    with anyio.fail_after(20):
        await retries.until_due(there.ctx, "T1")  # a clock set back makes it no longer
        assert not await retries.again(there.ctx, "turn", "busy", task="T1")
    there.ctx.append(ev.TurnEnded(status="failed"), task="T1")
    assert there.ctx.task("T1").retries == 2
    there.ctx.append(ev.TurnEnded(status="completed"), task="T1")
    assert there.ctx.task("T1").retries == 0


@pytest.mark.parametrize(
    ("command", "expected", "runs"),
    [
        ("test -e ../once && exit 0; touch ../once; kill -9 $$", 0, 2),
        ("echo x >> ../n; kill -9 $$", 137, 2),
        ("exit 1", 1, 1),
    ],
)
async def test_a_check_that_somebody_killed_runs_once_more(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    expected: int,
    runs: int,
) -> None:
    counted = f"echo ran >> ../ran.txt; {command}"
    plan = plan_of(task_of("T1", checks=[Check(command=counted)]))
    there = place(tmp_path, monkeypatch, plan=plan)
    tree = there.base("T1")
    base = there.ctx.task("T1").base
    assert base is not None
    (result,) = await run_checks(
        there.ctx, "T1", where="base", tree=base.tree, worktree=tree, phase="bootstrap"
    )
    assert result.exit_code in (expected, expected - 146)  # -9: no shell stood between
    assert (tree.path.parent / "ran.txt").read_text().split() == ["ran"] * runs
    assert len(planned(there)) == runs - 1
    assert there.ctx.task("T1").retries == 0
    assert len(there.found(ev.CheckRan)) == 1
