from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, get_args

import pytest

from journal.tape import Phase, Policies, Tape, options, plan_of, task_of
from makeitso.journal.boundary import boundary, permissions_of, policy_of
from makeitso.protocol import events as ev
from makeitso.protocol.words import PHASES, ApprovalPolicy, Permission

if TYPE_CHECKING:
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.words import ApprovalScope, PhaseName

LOOSE_TO_STRICT: tuple[ApprovalPolicy, ...] = ("delegate", "confirm-phase", "manual")
POLICIES: tuple[ApprovalPolicy | None, ...] = (None, *get_args(ApprovalPolicy))
PERMISSIONS: tuple[Permission, ...] = ("never", "ask", "auto")


def test_the_most_specific_policy_holds_but_never_one_looser_than_the_runs() -> None:
    for run, plan, task, phase in itertools.product(LOOSE_TO_STRICT, POLICIES, POLICIES, POLICIES):
        spec = task_of("T1", approval=task, phases=[Phase(name="verify", approval=phase)])
        state = Tape().created(options(run)).planned(plan_of(spec, approval=plan)).state
        got = policy_of(state, state.tasks["T1"], "verify")
        said = phase or task or plan or run
        assert got == max(run, said, key=LOOSE_TO_STRICT.index), (run, plan, task, phase)
        elsewhere = policy_of(state, state.tasks["T1"], "task")
        assert elsewhere == max(run, task or plan or run, key=LOOSE_TO_STRICT.index)


def test_permissions_only_narrow() -> None:
    for run, plan, task in itertools.product(
        PERMISSIONS, (None, *PERMISSIONS), (None, *PERMISSIONS)
    ):
        mine = ev.PoliciesInForce(write_files=run, run_shell=run, network=run)
        spec = task_of("T1", policies=Policies(write_files=task, run_shell=task, network=task))
        policies = Policies(write_files=plan, run_shell=plan, network=plan)
        tape = Tape().created(options(), mine).planned(plan_of(spec, policies=policies))
        got = permissions_of(tape.state, tape.state.tasks["T1"])
        said: list[Permission] = [one for one in (run, plan, task) if one is not None]
        strictest: Permission = min(said, key=PERMISSIONS.index)
        assert got == ev.PoliciesInForce(
            write_files=strictest, run_shell=strictest, network=strictest
        )


def test_a_permission_narrowed_for_one_thing_leaves_the_others() -> None:
    mine = ev.PoliciesInForce(write_files="auto", run_shell="ask", network="auto")
    spec = task_of("T1", policies=Policies(network="never"))
    tape = Tape().created(options(), mine).planned(plan_of(spec))
    assert permissions_of(tape.state, tape.state.tasks["T1"]) == ev.PoliciesInForce(
        write_files="auto", run_shell="ask", network="never"
    )


# -- scopes: who else a "yes" at a boundary lets through -------------------------------------------


def stood(scope: ApprovalScope | None, *, red: str = "") -> Tape:
    """Two tasks before verify; T1 was asked about and answered with a scope, None: denied."""
    tape = Tape().created(options("manual")).planned(plan_of("T1", "T2"))
    for task in ("T1", "T2"):
        tape.phase(task, "bootstrap")
        tape.phase(task, "task")
    name = tape.ask("phase", "T1", enters="verify")
    tape.decide(name, grant=scope is not None, scope=scope or "once", because="not yet")
    if red:
        tape.check("T2", red, code=1)
    return tape


def at(tape: Tape, task: str, enters: PhaseName) -> str | Approval:
    state = tape.state
    previous = state.tasks[task].phases[PHASES[PHASES.index(enters) - 1]]
    return boundary(state, state.tasks[task], previous=previous, enters=enters)


REACH: dict[ApprovalScope, tuple[str, str, str]] = {
    # T1 at the phase asked about, T1 at the next, T2 at the phase asked about
    "once": ("go", "ask", "ask"),
    "task": ("go", "go", "ask"),
    "until-red": ("go", "go", "go"),
    "run": ("go", "go", "go"),
}


@pytest.mark.parametrize("scope", REACH)
def test_how_far_a_grant_reaches(scope: ApprovalScope) -> None:
    tape = stood(scope)
    got = (at(tape, "T1", "verify"), at(tape, "T1", "summarize"), at(tape, "T2", "verify"))
    assert got == REACH[scope]


@pytest.mark.parametrize("where", ["proposal", "landed"])
def test_until_red_asks_again_once_any_check_of_the_run_is_red(where: str) -> None:
    tape = stood("until-red", red=where)
    assert at(tape, "T1", "verify") == "go", "what was asked about was answered"
    assert at(tape, "T1", "summarize") == "ask"
    assert at(tape, "T2", "verify") == "ask"


def test_until_red_forgets_what_was_red_where_a_landing_was_taken_back() -> None:
    tape = stood("until-red")
    tape.propose("T2", "h1", "h2")
    tape.land("T2", "h1", "h2")
    tape.check("T2", "landed", code=1)
    assert at(tape, "T2", "verify") == "ask"
    undone = ev.LandingUndone(id="u", landing="l", hunks=("h1",), files=("a.py",))
    tape.add(undone, "T2")
    assert at(tape, "T2", "verify") == "ask", "half of it stands"
    tape.add(undone.model_copy(update={"hunks": ("h2",)}), "T2")
    assert at(tape, "T2", "verify") == "go"


def test_a_check_that_was_ended_says_neither_red_nor_green() -> None:
    tape = stood("until-red")
    tape.check("T2", "landed", code=None)
    assert at(tape, "T2", "verify") == "go"


@pytest.mark.parametrize("where", ["base", "round"])
def test_red_before_or_during_the_work_is_what_the_work_is_for(where: str) -> None:
    assert at(stood("until-red", red=where), "T2", "verify") == "go"


def test_a_denial_comes_back_with_its_reason_and_only_for_its_task() -> None:
    tape = stood(None)
    denied = at(tape, "T1", "verify")
    assert not isinstance(denied, str)
    assert denied.because == "not yet"
    assert at(tape, "T2", "verify") == "ask"


def test_an_open_question_is_waited_for_and_a_void_one_asked_anew() -> None:
    tape = Tape().created(options("manual")).planned(plan_of("T1"))
    tape.phase("T1", "bootstrap")
    name = tape.ask("phase", "T1", enters="task")
    assert at(tape, "T1", "task") == "wait"
    tape.add(ev.ApprovalVoided(id=name, reason="the plan changed"))
    assert at(tape, "T1", "task") == "ask"


def test_grants_of_other_kinds_open_no_boundary() -> None:
    tape = Tape().created(options("manual")).planned(plan_of("T1"))
    tape.phase("T1", "bootstrap")
    tape.decide(tape.ask("command", "T1", enters="task"), scope="run")
    assert at(tape, "T1", "task") == "ask"


def test_confirm_phase_does_not_ask_after_what_had_no_effects() -> None:
    tape = Tape().created(options("confirm-phase")).planned(plan_of("T1", "T2"))
    tape.phase("T1", "bootstrap", effects=False)
    tape.phase("T2", "bootstrap", effects=True)
    assert (at(tape, "T1", "task"), at(tape, "T2", "task")) == ("go", "ask")
