"""What a person is asked under each approval policy, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from journal.played import Played
from journal.tape import Tape, options, plan_of, task_of
from makeitso.journal.rules import Rules
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.words import ApprovalPolicy

FIVE = ("T1", "T2", "T3", "T4", "T5")
ONE_TASK: dict[ApprovalPolicy, list[str]] = {
    "manual": ["plan", "phase task T1", "phase verify T1", "phase summarize T1", "change T1"],
    "confirm-phase": ["plan", "phase verify T1", "change T1"],
    "delegate": ["plan", "change T1"],
}


def nobody(approval: Approval) -> None:
    """A person who is not there."""


def no(approval: Approval) -> bool:
    """A person who denies."""
    return False


def played(policy: ApprovalPolicy, *tasks: str, **over: object) -> Played:
    flags = {name: over.pop(name) for name in ("yes", "halt_on", "land") if name in over}
    permissions = ev.PoliciesInForce.model_validate(
        {"run_shell": "ask", "network": "ask", "write_files": over.pop("write_files", "ask")}
    )
    tape = Tape().created(options(policy, **flags), permissions)
    return Played(tape, plan_of(*tasks), **over).play()  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("policy", ONE_TASK)
def test_one_task(policy: ApprovalPolicy, apart: bool) -> None:
    done = played(policy, "T1", apart=apart)
    assert done.questions == ONE_TASK[policy]
    assert done.tape.state.finished == ev.RunFinished(state="done")


def test_five_tasks_together_share_one_question_a_boundary() -> None:
    done = played("confirm-phase", *FIVE)
    assert done.questions == [
        "plan",
        "phase verify T1 T2 T3 T4 T5",
        *(f"change {task}" for task in FIVE),
    ]
    assert done.tape.state.finished == ev.RunFinished(state="done")


@pytest.mark.parametrize("concurrency", [1, 2, 5])
@pytest.mark.parametrize("apart", [True, False])
def test_five_tasks_cost_a_person_at_most_12_questions(apart: bool, concurrency: int) -> None:
    rules = Rules(max_concurrency=concurrency)
    done = played("confirm-phase", *FIVE, apart=apart, rules=rules)
    assert done.tape.state.finished == ev.RunFinished(state="done")
    assert len(done.questions) <= 12
    if apart:
        assert sorted(done.questions) == sorted(
            ["plan", *(f"phase verify {t}" for t in FIVE), *(f"change {t}" for t in FIVE)]
        )


@pytest.mark.parametrize("apart", [True, False])
def test_manual_asks_for_every_boundary_of_each_task(apart: bool) -> None:
    done = played("manual", *FIVE, apart=apart)
    boundaries = [f"phase {phase} {t}" for t in FIVE for phase in ("task", "verify", "summarize")]
    assert sorted(done.questions) == sorted(["plan", *boundaries, *(f"change {t}" for t in FIVE)])


def test_delegate_asks_for_the_plan_and_what_lands() -> None:
    assert played("delegate", *FIVE).questions == ["plan", *(f"change {t}" for t in FIVE)]


@pytest.mark.parametrize("policy", ONE_TASK)
def test_yes_leaves_nothing_to_ask_of_ordinary_work(policy: ApprovalPolicy) -> None:
    done = played(policy, *FIVE, yes=True, answer=nobody)
    assert done.tape.state.finished == ev.RunFinished(state="done")
    assert [q for q in done.questions if q.startswith("change")] == []
    assert done.tape.state.pending == []


def test_yes_does_not_answer_for_landing_where_that_halts() -> None:
    done = played("delegate", "T1", yes=True, halt_on=["write_files"], answer=nobody)
    assert [a.kind for a in done.tape.state.pending] == ["change"]
    assert done.tape.state.finished is None


@pytest.mark.parametrize(
    ("policy", "asked"), [("manual", True), ("confirm-phase", True), ("delegate", False)]
)
def test_write_files_auto_lands_without_a_mark_only_where_a_person_delegates(
    policy: ApprovalPolicy, asked: bool
) -> None:
    done = played(policy, "T1", write_files="auto")
    assert ("change T1" in done.questions) is asked
    assert done.tape.state.finished == ev.RunFinished(state="done")


def test_set_up_commands_are_an_effect_and_ask_before_the_task() -> None:
    done = played("confirm-phase", "T1", bootstrap_effects=True)
    assert done.questions == ["plan", "phase task T1", "phase verify T1", "change T1"]


OVERRIDES: dict[str, tuple[ApprovalPolicy, dict[str, object], list[str]]] = {
    "a phase": (
        "confirm-phase",
        {"phases": [{"name": "verify", "approval": "manual"}]},
        ["plan", "phase verify T1", "phase summarize T1", "change T1"],
    ),
    "a task": ("delegate", {"approval": "confirm-phase"}, ["plan", "phase verify T1", "change T1"]),
    "a phase of a task": (
        "delegate",
        {"approval": "manual", "phases": [{"name": "bootstrap", "approval": "delegate"}]},
        ["plan", "phase verify T1", "phase summarize T1", "change T1"],
    ),
    "a looser phase loosens nothing": (
        "confirm-phase",
        {"phases": [{"name": "task", "approval": "delegate"}]},
        ONE_TASK["confirm-phase"],
    ),
    "a looser task loosens nothing": ("manual", {"approval": "delegate"}, ONE_TASK["manual"]),
}


@pytest.mark.parametrize("case", OVERRIDES)
def test_overrides_tighten_and_never_loosen(case: str) -> None:
    policy, over, expected = OVERRIDES[case]
    tape = Tape().created(options(policy))
    assert Played(tape, plan_of(task_of("T1", **over))).play().questions == expected


@pytest.mark.parametrize(
    ("run", "plan", "expected"),
    [
        ("delegate", "manual", ONE_TASK["manual"]),
        ("manual", "delegate", ONE_TASK["manual"]),
        ("confirm-phase", "delegate", ONE_TASK["confirm-phase"]),
    ],
)
def test_the_plans_policy_tightens_and_never_loosens(
    run: ApprovalPolicy, plan: ApprovalPolicy, expected: list[str]
) -> None:
    tape = Tape().created(options(run))
    assert Played(tape, plan_of("T1", approval=plan)).play().questions == expected


def test_a_denied_boundary_ends_its_tasks_with_the_reason() -> None:
    def answer(approval: Approval) -> bool:
        return approval.phase != "verify"

    done = played("confirm-phase", "T1", answer=answer)
    assert done.tape.state.tasks["T1"].ended == "stopped"
    finished = done.tape.state.finished
    assert finished is not None
    assert finished.state == "stopped"


def test_a_denied_plan_ends_the_run() -> None:
    done = played("confirm-phase", "T1", answer=no)
    assert done.questions == ["plan"]
    assert done.tape.state.finished is not None
    assert done.tape.state.finished.reason == "the plan was denied: no reason"
