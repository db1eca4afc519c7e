from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from journal.tape import options, plan_of
from makeitso.errors import NotFoundError, StateError, UsageError
from makeitso.protocol import events as ev
from makeitso.protocol.approval import Decision
from makeitso.runs.ask import ask, decide, decided
from runs import deciding_process
from runs.run_place import Place, place

pytestmark = pytest.mark.anyio
DECIDERS = ("ada", "no", "bob")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return place(tmp_path, monkeypatch, plan=plan_of("T1", "T2"))


def test_of_processes_that_decide_at_once_exactly_one_wins(there: Place) -> None:
    asked = ask(there.ctx, kind="command", subject="make", digest="d", tasks=("T1",))
    processes = [
        subprocess.Popen(
            [sys.executable, "-P", str(Path(deciding_process.__file__)),
             str(there.bridge.dot.journal), asked.id, who],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for who in DECIDERS
    ]  # fmt: skip
    for one in processes:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in processes:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [one.communicate(timeout=60)[0].strip() for one in processes]
    (winner,) = [line for line in said if line.startswith("decided")]
    _, state, who = winner.split()
    assert state == ("denied" if who == "no" else "granted")
    for line in said:
        if line != winner:
            assert line == f"StateError a1 is already {state} by {who} through {who}"
    assert len(there.found(ev.ApprovalDecided)) == 1
    there.ctx.book.refresh()
    assert there.ctx.run.approvals["a1"].who == who


def test_an_answer_to_something_else_is_refused(there: Place) -> None:
    ask(there.ctx, kind="command", subject="make", digest="d", tasks=("T1",))
    with pytest.raises(StateError, match="not what it was") as caught:
        decide(there.ctx.book, Decision(id="a1", grant=True, digest="e"))
    assert caught.value.data["digest"] == "d"
    with pytest.raises(StateError, match="scope run"):
        decide(there.ctx.book, Decision(id="a1", grant=True, scope="run"))
    with pytest.raises(NotFoundError):
        decide(there.ctx.book, Decision(id="a9", grant=True))
    assert there.found(ev.ApprovalDecided) == []
    assert decide(there.ctx.book, Decision(id="a1", grant=True, digest="d")).state == "granted"


def test_a_question_that_fell_away_cannot_be_decided(there: Place) -> None:
    ask(there.ctx, kind="command", subject="make", digest="d", tasks=("T1",))
    there.ctx.append(ev.ApprovalVoided(id="a1", reason="gone"))
    with pytest.raises(StateError, match="already void"):
        decide(there.ctx.book, Decision(id="a1", grant=True))


def test_a_question_needs_words(there: Place) -> None:
    ask(there.ctx, kind="question", subject="which?", digest="d", tasks=("T1",))
    with pytest.raises(UsageError, match="answer in words"):
        decide(there.ctx.book, Decision(id="a1", grant=True, answer="  "))
    assert decide(there.ctx.book, Decision(id="a1", grant=True, answer="left")).answer == "left"


def test_of_a_closed_question_only_a_choice_is_an_answer(there: Place) -> None:
    choices = ("keep", "drop")
    ask(there.ctx, kind="question", subject="Now?", digest="d", choices=choices, closed=True)
    with pytest.raises(UsageError, match="'redo' is no answer to a1: keep, drop") as refused:
        decide(there.ctx.book, Decision(id="a1", grant=True, answer="redo"))
    assert refused.value.hint == "mis approve --answer keep a1"
    assert there.ctx.run.approvals["a1"].state == "pending"
    assert decide(there.ctx.book, Decision(id="a1", grant=True, answer=" Keep. ")).answer
    ask(there.ctx, kind="question", subject="How?", digest="e", choices=choices)
    assert decide(there.ctx.book, Decision(id="a2", grant=True, answer="my way")).answer


def test_the_same_question_of_several_tasks_is_one(there: Place) -> None:
    first = ask(there.ctx, kind="command", subject="make", digest="d", tasks=("T1",))
    again = ask(there.ctx, kind="command", subject="make", digest="d", tasks=("T1",))
    assert again == first
    both = ask(there.ctx, kind="command", subject="make", digest="d", tasks=("T2",))
    assert (both.id, both.tasks) == (first.id, ("T1", "T2"))
    assert len(there.ctx.run.pending) == 1
    other = ask(there.ctx, kind="command", subject="other", digest="e", tasks=("T2",))
    assert other.id not in (first.id, None)
    kinds = ask(there.ctx, kind="question", subject="make", digest="d", tasks=("T1",))
    assert len({first.id, other.id, kinds.id}) == 3
    decide(there.ctx.book, Decision(id=first.id, grant=False, because="no"))
    fresh = ask(there.ctx, kind="command", subject="make", digest="d", tasks=("T1",))
    assert fresh.state == "pending"
    assert fresh.id not in (first.id, other.id, kinds.id)


async def test_all_who_wait_for_a_question_get_its_answer(there: Place) -> None:
    ctx, got = there.ctx, dict[str, str]()

    async def wait(task: str) -> None:
        asked = ask(ctx, kind="command", subject="make", digest="d", tasks=(task,))
        answer = await decided(ctx, asked.id)
        assert answer is not None
        got[task] = f"{answer.state} {answer.because}"

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(wait, "T1")
            group.start_soon(wait, "T2")
            while [a.tasks for a in ctx.run.pending] != [("T1", "T2")]:
                await ctx.book.changed()
            decide(ctx.book, Decision(id="a1", grant=False, because="too loud"))
    assert got == {"T1": "denied too loud", "T2": "denied too loud"}


async def test_nobody_there_gives_up_once_something_happens(there: Place) -> None:
    asked = ask(there.ctx, kind="command", subject="make", digest="d", tasks=("T1",))
    with anyio.fail_after(10):
        assert await decided(there.ctx, asked.id, unless=lambda: True) is None


def test_yes_answers_what_it_may_and_says_who_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = place(tmp_path, monkeypatch, plan=plan_of("T1"), how=options(yes=True))
    phase = ask(there.ctx, kind="phase", subject="s", digest="d", tasks=("T1",), enters="task")
    command = ask(there.ctx, kind="command", subject="s", digest="e", tasks=("T1",))
    budget = ask(there.ctx, kind="budget", subject="s", digest="f", tasks=("T1",))
    assert (phase.state, phase.who) == ("granted", "--yes")
    assert (command.state, budget.state) == ("pending", "pending")
