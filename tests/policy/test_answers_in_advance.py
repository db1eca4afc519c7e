from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, get_args

import pytest

from makeitso.policy.answers import answered_by_yes, hunks_accepted_in_advance, standing_grant
from makeitso.policy.digest import approval_digest
from makeitso.protocol.approval import Approval
from makeitso.protocol.events import HunkRef
from makeitso.protocol.plan import NoManager, RunOptions
from makeitso.protocol.words import ApprovalKind, ApprovalPolicy, ApprovalScope, Permission

if TYPE_CHECKING:
    from makeitso.protocol.words import ApprovalState, HaltPoint

KINDS: tuple[ApprovalKind, ...] = get_args(ApprovalKind)
POLICIES: tuple[ApprovalPolicy, ...] = get_args(ApprovalPolicy)
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
PLAIN = HunkRef(id="h1", path="a.py")
MUST_ASK = HunkRef(id="h2", path="b.py", must_ask=True)
REFUSED = HunkRef(id="h3", path=".git/config", refused="inside .git")
HUNKS = (PLAIN, MUST_ASK, REFUSED)


def asked_for(*, yes: bool = False, halt_on: tuple[HaltPoint, ...] = ()) -> RunOptions:
    return RunOptions(
        manager=NoManager(kind="none"), policy="confirm-phase", yes=yes, halt_on=halt_on
    )


@pytest.mark.parametrize("kind", KINDS)
def test_yes_answers_plan_and_phases_and_nothing_else(kind: ApprovalKind) -> None:
    assert answered_by_yes(kind, asked_for(yes=True)) is (kind in ("plan", "phase"))
    assert answered_by_yes(kind, asked_for()) is False


def test_every_way_to_accept_in_advance() -> None:
    halts: tuple[tuple[HaltPoint, ...], ...] = ((), ("write_files",), ("network",))
    for policy, write, yes, held, halt in itertools.product(
        POLICIES, PERMISSIONS, (False, True), (False, True), halts
    ):
        who, ids = hunks_accepted_in_advance(
            HUNKS,
            held=held,
            options=asked_for(yes=yes, halt_on=halt),
            write_files=write,
            policy=policy,
        )
        case = (policy, write, yes, held, halt)
        if held or write == "never" or halt == ("write_files",):
            assert (who, ids) == ("", ()), case
        elif yes:
            assert (who, ids) == ("--yes", ("h1",)), case
        elif write == "auto" and policy == "delegate":
            assert (who, ids) == ("write_files=auto", ("h1",)), case
        else:
            assert (who, ids) == ("", ()), case


def approval(
    state: ApprovalState = "granted",
    scope: ApprovalScope | None = "once",
    *,
    kind: ApprovalKind = "command",
    digest: str = "d",
    tasks: tuple[str, ...] = ("T1",),
) -> Approval:
    return Approval(
        id="a1", kind=kind, subject="s", digest=digest, asked_at=0, state=state, scope=scope,
        tasks=tasks,
    )  # fmt: skip


USED: dict[str, frozenset[tuple[str, str | None]]] = {
    "unused": frozenset(),
    "used by T1": frozenset({("a1", "T1")}),
    "used by T2": frozenset({("a1", "T2")}),
}
HOLDS: dict[tuple[ApprovalState, ApprovalScope | None, str, str], bool] = {
    # state, scope, who used it, who asks
    ("granted", "once", "unused", "T1"): True,
    ("granted", "once", "used by T1", "T1"): False,
    ("granted", "once", "used by T2", "T1"): True,
    ("granted", "once", "unused", "T2"): False,
    ("granted", "task", "used by T1", "T1"): True,
    ("granted", "task", "unused", "T2"): False,
    ("granted", "run", "used by T1", "T2"): True,
    ("granted", "always", "unused", "T1"): True,
    ("granted", "always", "used by T1", "T1"): False,
    ("granted", "always", "used by T1", "T2"): False,
    ("granted", "until-red", "unused", "T1"): False,
    ("granted", None, "unused", "T1"): False,
    ("denied", None, "unused", "T1"): True,
    ("denied", None, "used by T1", "T1"): False,
    ("denied", None, "unused", "T2"): False,
    ("pending", None, "unused", "T1"): False,
    ("void", None, "unused", "T1"): False,
}


@pytest.mark.parametrize("case", HOLDS, ids=str)
def test_how_long_an_answer_holds(
    case: tuple[ApprovalState, ApprovalScope | None, str, str],
) -> None:
    state, scope, used, task = case
    given = approval(state, scope)
    found = standing_grant([given], USED[used], kind="command", digest="d", task=task)
    assert found == (given if HOLDS[case] else None)


def test_an_answer_holds_for_what_was_asked_and_nothing_else() -> None:
    for other in (approval(scope="run", digest="e"), approval(scope="run", kind="question")):
        assert standing_grant([other], (), kind="command", digest="d", task="T1") is None


def test_an_answer_to_several_tasks_holds_for_each() -> None:
    given = approval(tasks=("T1", "T2"))
    for task in ("T1", "T2"):
        assert standing_grant([given], (), kind="command", digest="d", task=task) == given


# -- digests --------------------------------------------------------------------------------------


def test_a_digest_binds_kind_subject_and_base() -> None:
    digests = {
        approval_digest("plan", "s"),
        approval_digest("phase", "s"),
        approval_digest("plan", "t"),
        approval_digest("plan", "s", base_tree="x"),
    }
    assert len(digests) == 4
    assert all(len(digest) == 64 for digest in digests)


def test_wrapping_a_question_anew_changes_nothing() -> None:
    assert approval_digest("question", "may  I\n go on? ") == approval_digest(
        "question", "may I go on?"
    )


@pytest.mark.parametrize(
    ("granted", "asked"),
    [
        ("echo safe rm -rf x", "echo safe\nrm -rf x"),
        ("rm 'a b'", "rm 'a  b'"),
        ("echo a", "echo\ta"),
    ],
)
def test_to_a_shell_blanks_are_not_alike(granted: str, asked: str) -> None:
    assert approval_digest("command", granted) != approval_digest("command", asked)


def test_any_text_has_a_digest() -> None:
    assert approval_digest("command", "\udce9") != approval_digest("command", "\udcea")
