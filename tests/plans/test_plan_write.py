from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings

from makeitso.plans.check import can_run, check_plan
from makeitso.plans.draft import plan_of_draft
from makeitso.plans.read import read_text
from makeitso.plans.syntax import parse
from makeitso.plans.tidy import tidy
from makeitso.plans.tree import text_of
from makeitso.plans.write import write
from makeitso.protocol.plan import Check, Plan, PlanDraft, Task
from plans.plan_strategies import any_text, plans


@given(plans)
@settings(max_examples=200, deadline=None)
def test_a_written_plan_reads_back_equal(plan: Plan) -> None:
    for eol in ("\n", "\r\n"):
        text = write(plan, eol=eol)
        read = read_text(text, plan_id=plan.id)
        assert read.plan == tidy(plan)
        assert can_run(read.problems), read.problems


@given(any_text)
@settings(max_examples=150, deadline=None)
def test_what_was_read_is_tidy_and_survives_writing(text: str) -> None:
    plan = read_text(text, plan_id="p").plan
    again = tidy(plan)
    assert tidy(again) == again
    assert again.tasks == plan.tasks
    assert again.goal == plan.goal
    assert read_text(write(plan), plan_id="p").plan == again


@pytest.mark.parametrize(
    "goal",
    [
        "# looks like a heading",
        "- [ ] **T9** looks like a task",
        "one\n\ntwo\n\n```toml\napproval = 'delegate'\n```",
        "> quoted",
        "<!-- comment",
        "   indented",
        "---",
        "word " * 20_000,
        "\n".join(f"line {n}" for n in range(10_000)),
    ],
    ids=lambda goal: repr(goal[:20]),
)
def test_goals_that_look_like_something_else(goal: str) -> None:
    plan = Plan(id="p", title="T # #", goal=goal, tasks=(Task(id="T1", title="**x** y"),))
    read = read_text(write(plan), plan_id="p")
    assert read.plan == tidy(plan)
    assert read.plan.goal.split() == goal.split()
    assert len(read.plan.tasks) == 1
    assert read.plan.approval is None


def test_a_plain_plan_is_written_as_a_person_would() -> None:
    plan = Plan(
        id="p",
        title="Short",
        goal="Do it.\nAll of it.",
        tasks=(
            Task(
                id="T1",
                title="First",
                goal="Body.",
                files=("a b.py", "src/**"),
                checks=(
                    Check(command="make `pwd`", cwd="sub dir", timeout_s=90, was_failing=True),
                    Check(command="set -e\nmake"),
                ),
                budget_tokens=120_000,
                budget_s=1800,
                done=True,
            ),
        ),
        budget_tokens=250_000,
        budget_s=5400,
    )
    assert write(plan) == (
        "# Short\n\nDo it.\nAll of it.\n\n"
        "- [x] **T1** First\n"
        "  - files: `a b.py`, `src/**`\n"
        "  - done when: `` make `pwd` `` in `sub dir` timeout 90s (was: failing)\n"
        "  - done when:\n    ```sh\n    set -e\n    make\n    ```\n"
        "  - budget: 120k tokens, 30 min\n\n"
        "  Body.\n\n"
        "```toml\nbudget_tokens = 250_000\nbudget_minutes = 90\n```\n"
    )


def test_a_draft_becomes_a_plan_that_can_run() -> None:
    draft = PlanDraft.model_validate_json(
        json.dumps(
            {
                "title": "  Fix\nit ",
                "goal": "# Why\n\nBecause.",
                "tasks": [
                    {
                        "id": "1",
                        "title": "A",
                        "goal": "",
                        "files": ["`src/a.py`"],
                        "checks": ["`pytest -q`", " "],
                        "after": [],
                    },
                    {
                        "id": "second task!",
                        "title": "",
                        "goal": "x",
                        "files": ["src/b.py"],
                        "checks": ["make test"],
                        "after": ["1"],
                    },
                ],
            }
        )
    )
    plan = plan_of_draft(draft, plan_id="p", approval="manual", budget_tokens=5)
    assert [task.id for task in plan.tasks] == ["T1", "second-task"]
    assert plan.tasks[1].after == ("T1",)
    assert plan.tasks[0].checks == (Check(command="pytest -q"),)
    assert plan.tasks[0].files == ("src/a.py",)
    text = write(plan)
    read = read_text(text, plan_id="p")
    assert read.plan == plan
    assert can_run(check_plan(read))
    assert text_of(parse(text)) == text


@given(plans)
@example(Plan(id="p", title="", goal="", tasks=()))
@settings(max_examples=40, deadline=None)
def test_writing_is_deterministic_and_idempotent(plan: Plan) -> None:
    text = write(plan)
    assert write(read_text(text, plan_id=plan.id).plan) == text
