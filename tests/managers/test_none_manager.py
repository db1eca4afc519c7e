"""Nobody manages: the goal is the task, the checks are the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest
from manager_samples import FAILED, HUNG, PASSED, judge_request, plan_request

from makeitso.errors import UsageError
from makeitso.managers.answers import plan_problems
from makeitso.managers.none import NoManager, draft_from_goal

if TYPE_CHECKING:
    from makeitso.managers.port import JudgeRequest, Manager
    from makeitso.protocol.plan import Judgement, PlanDraft


async def silent(text: str) -> None:
    raise AssertionError(text)


def plan(goal: str) -> PlanDraft:
    async def go() -> PlanDraft:
        manager: Manager = NoManager()
        answer = await manager.plan(plan_request(goal), silent)
        await manager.close()
        assert answer.spent.total == 0
        return answer.value

    return anyio.run(go)


def judge(request: JudgeRequest) -> Judgement:
    async def go() -> Judgement:
        return (await NoManager().judge(request, silent)).value

    return anyio.run(go)


def test_the_goal_is_one_task_without_checks() -> None:
    draft = plan("  # Fix the   parser\n\nIt rejects negative epochs.\n")
    assert draft.title == "Fix the parser"
    assert draft.goal == "# Fix the   parser\n\nIt rejects negative epochs."
    assert [(one.id, one.title, one.checks, one.files) for one in draft.tasks] == [
        ("T1", "Fix the parser", [], [])
    ]
    assert draft.tasks[0].goal == draft.goal
    assert not plan_problems(draft)


@pytest.mark.parametrize("goal", ["#", "\x0b-", "x" * 100_000, "é\u2028b", "```\ncode"])
def test_any_goal_gives_a_plan_that_can_run(goal: str) -> None:
    draft = draft_from_goal(goal)
    assert not plan_problems(draft)
    assert len(draft.title) <= 60


def test_no_goal_is_refused() -> None:
    with pytest.raises(UsageError, match="empty"):
        plan(" \n")


def test_all_checks_passed_is_done() -> None:
    assert judge(judge_request()).verdict == "done"


def test_no_check_declared_is_done_and_says_that_nothing_proves_it() -> None:
    judgement = judge(judge_request(checks=(), declared_checks=0))
    assert judgement.verdict == "done"
    assert "No check is declared" in judgement.note


def test_failed_checks_go_back_with_command_and_output() -> None:
    judgement = judge(judge_request(checks=(PASSED, FAILED, HUNG), declared_checks=3))
    assert judgement.verdict == "continue"
    assert judgement.instructions.startswith("2 checks failed on your work.")
    assert "$ make lint\nfailed with exit code 2\nboom at line 3" in judgement.instructions
    assert judgement.note == "2 of 3 checks failed."


def test_the_last_round_ends_it() -> None:
    judgement = judge(judge_request(round=3, checks=(FAILED,)))
    assert judgement.verdict == "abort"
    assert judgement.note == "Stopped after round 3 of at most 3. 1 of 1 checks failed."


def test_rounds_without_a_difference_end_it() -> None:
    assert judge(judge_request(no_progress=2, checks=(FAILED,))).verdict == "abort"


def test_declared_checks_that_did_not_run_are_not_called_passed() -> None:
    judgement = judge(judge_request(checks=(), declared_checks=2))
    assert judgement.note == "Not every declared check has run yet; verification decides."
