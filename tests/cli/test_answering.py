"""What is to be typed for an answer is what the kind of question takes, and runs as it stands."""

from __future__ import annotations

import re
import shlex

import pytest

from makeitso.cli.answering import headline, how, outcome
from makeitso.plans.amounts import readings
from makeitso.protocol.approval import Approval
from makeitso.protocol.budget import Ceiling


def asked(kind: str, **over: object) -> Approval:
    fields: dict[str, object] = {"id": "a7", "run": "r1", "kind": kind, "subject": "s"}
    return Approval.model_validate({**fields, "digest": "d", "asked_at": 0, **over})


CEILING = Ceiling(
    scope="task", measure="tokens", task="T1", limit=100_000, used=100_000, grant=50_000
)


@pytest.mark.parametrize(
    ("approval", "said"),
    [
        (asked("plan"), "`mis approve a7`, or `mis approve --deny a7`"),
        (asked("change"), "`mis review` goes hunk by hunk, `mis approve a7` takes all of it"),
        (
            asked("question", choices=("redo", "keep", "drop")),
            "`mis approve --answer redo a7` (or keep, drop)",
        ),
        (
            asked("question", choices=("go on", "stop the task")),
            '`mis approve --answer "go on" a7` (or stop the task)',
        ),
        (asked("question"), '`mis approve --answer "…" a7`'),
        (
            asked("budget", ceiling=CEILING),
            '`mis approve a7`, or less or more: `mis approve --answer "25k tokens" a7`',
        ),
    ],
)
def test_how_a_question_is_answered(approval: Approval, said: str) -> None:
    assert how(approval) == said
    for command in re.findall(r"`(mis approve [^`]*)`", said):
        assert shlex.split(command)[-1] == "a7"


def test_the_amount_that_is_proposed_is_one() -> None:
    words = shlex.split(re.findall(r"`([^`]*)`", how(asked("budget", ceiling=CEILING)))[1])
    assert readings(words[words.index("--answer") + 1])


def test_the_run_is_named_where_several_have_questions() -> None:
    one, other = asked("plan"), asked("plan", run="r2")
    assert headline(one, among=[one]) == "plan: s"
    assert headline(other, among=[one, other]) == "r2  plan: s"


@pytest.mark.parametrize(
    ("approval", "said"),
    [
        (asked("command", state="granted"), "a7 granted: s"),
        (
            asked("command", state="denied", because="use make"),
            "a7 denied: s (the worker is told: use make)",
        ),
        (asked("plan", state="denied", because="no"), "a7 denied: s (because: no)"),
        (asked("question", state="granted", answer="keep"), "a7 answered: keep"),
    ],
)
def test_what_came_of_it(approval: Approval, said: str) -> None:
    assert outcome(approval) == said
