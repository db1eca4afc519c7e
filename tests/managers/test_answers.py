"""Answers: fences come off, what cannot run is refused in words, once more and then an error."""

from __future__ import annotations

import json
from itertools import pairwise

import anyio
import pytest
from manager_samples import CIRCLE, plan_text, task, verdict_text

from makeitso.errors import AnswerError
from makeitso.managers.answers import judgement_problems, plan_problems
from makeitso.managers.port import Answer, Spent
from makeitso.managers.structured import RECEIVED_LIMIT, Reply, Unfit, ask, read_answer
from makeitso.prompts.render import render
from makeitso.protocol.plan import Judgement, PlanDraft


def read_plan(text: str) -> PlanDraft | Unfit:
    return read_answer(text, shape=PlanDraft, problems=plan_problems)


def errors_of(text: str) -> tuple[str, ...]:
    read = read_plan(text)
    return read.errors if isinstance(read, Unfit) else ()


@pytest.mark.parametrize(
    "wrap",
    [
        "{}",
        "\n {} \n",
        "```json\n{}\n```",
        "```\n{}\n```\n",
        "  ````json\n{}\n  ````",
        "~~~\n{}\n~~~",
    ],
)
def test_a_good_plan_is_read_with_or_without_a_fence(wrap: str) -> None:
    read = read_plan(wrap.replace("{}", plan_text()))
    assert isinstance(read, PlanDraft)
    assert [one.id for one in read.tasks] == ["T1", "docs"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the answer: Invalid JSON"),
        ("Sure! Here is the plan.", "the answer: Invalid JSON"),
        ("[]", "the answer: "),
        (plan_text(tasks=[]), "tasks: "),
        (plan_text(extra=1), "extra: "),
        (plan_text(tasks=[{"id": "T1"}]), "tasks[0].title: Field required"),
        (plan_text(goal=" "), "goal: is empty"),
        (plan_text(title="two\nlines"), "title: must be one line"),
        (plan_text(tasks=[task("T1"), task("T1")]), "tasks[1].id: 'T1' is used twice"),
        (plan_text(tasks=[task("1 x")]), "tasks[0].id: '1 x' is not a short word"),
        (plan_text(tasks=[task("T1\n")]), "tasks[0].id: "),
        (plan_text(tasks=[task(title=" ")]), "tasks[0].title: is empty"),
        (plan_text(tasks=[task(checks=["make", " "])]), "tasks[0].checks[1]: is empty"),
        (plan_text(tasks=[task(checks=["a\nb"])]), "tasks[0].checks[0]: must be one line"),
        (plan_text(tasks=[task(files=["/etc/*"])]), "tasks[0].files[0]: '/etc/*' is not inside"),
        (plan_text(tasks=[task(files=["a/../../b"])]), "tasks[0].files[0]: 'a/../../b' is not"),
        (plan_text(tasks=[task(files=[".git/hooks/*"])]), "tasks[0].files[0]: '.git/hooks/*' is"),
        (plan_text(tasks=[task(after=["T9"])]), "tasks[0].after: there is no task 'T9'"),
        (plan_text(tasks=[task(after=["T1"])]), "in a circle: T1 after T1"),
        (CIRCLE, "in a circle: "),
    ],
)
def test_what_is_no_plan_is_refused_with_the_place(text: str, says: str) -> None:
    errors = errors_of(text)
    assert errors
    assert says in errors[0]


def test_a_circle_names_its_tasks_in_order() -> None:
    tasks = [task("A", after=["C"]), task("B", after=["A"]), task("C", after=["B"])]
    error = errors_of(plan_text(tasks=tasks))[0].partition("circle: ")[2]
    circle = error.split(" after ")
    assert circle[0] == circle[-1]
    assert sorted(circle[1:]) == ["A", "B", "C"]
    after = {"A": "C", "B": "A", "C": "B"}
    assert all(after[one] == two for one, two in pairwise(circle))


def test_a_long_list_of_errors_is_cut() -> None:
    errors = errors_of(json.dumps({"title": "t", "goal": "g", "tasks": [{}] * 40}))
    assert len(errors) == 13
    assert errors[-1] == "and 228 more"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (verdict_text("continue"), "instructions: `continue`"),
        (verdict_text("need_input", instructions=" "), "instructions: `need_input`"),
        (verdict_text("wait", wait_s=-1), "wait_s: "),
        (verdict_text("wait").replace('"wait_s": 0', '"wait_s": NaN'), "wait_s: "),
        (verdict_text("wait", wait_until="tea"), "wait_until: 'tea' is no time"),
        (verdict_text("wait", wait_command="a\nb"), "wait_command: must be one line"),
        (verdict_text("wait", wait_until="18:00", wait_command="a"), "not both"),
        (verdict_text("perhaps"), "verdict: "),
    ],
)
def test_a_judgement_that_leads_nowhere_is_refused(text: str, says: str) -> None:
    read = read_answer(text, shape=Judgement, problems=judgement_problems)
    assert isinstance(read, Unfit)
    assert says in read.errors[0]


PROMPT = render("manager-plan", {"goal": "g", "facts": "f", "policy": "p", "seed": "0"})


def ask_scripted(*replies: str) -> tuple[Answer[PlanDraft], list[str]]:
    sent: list[str] = []

    async def send(text: str) -> Reply:
        sent.append(text)
        spent = Spent(input_tokens=10, output_tokens=1)
        return Reply(text=replies[len(sent) - 1], spent=spent, model="m")

    async def go() -> Answer[PlanDraft]:
        return await ask(PROMPT, shape=PlanDraft, problems=plan_problems, send=send)

    return anyio.run(go), sent


def test_a_good_answer_is_asked_for_once() -> None:
    answer, sent = ask_scripted(plan_text())
    assert sent == [PROMPT.text]
    assert (answer.attempts, answer.spent.total, answer.model) == (1, 11, "m")
    assert answer.prompt_digest == PROMPT.digest
    assert answer.raw == plan_text()


def test_a_bad_answer_is_asked_for_once_more_with_the_error() -> None:
    answer, sent = ask_scripted("nonsense", plan_text())
    assert len(sent) == 2
    assert sent[1].startswith("Intent: FIX\n")
    assert "- the answer: Invalid JSON" in sent[1]
    assert (answer.attempts, answer.spent.total) == (2, 22)
    assert answer.unfit.startswith("the answer: Invalid JSON")
    assert answer.prompt_digest == PROMPT.digest


def test_two_bad_answers_are_an_error_with_what_came() -> None:
    with pytest.raises(AnswerError, match="circle") as caught:
        ask_scripted("nonsense", CIRCLE)
    assert caught.value.data["received"] == CIRCLE
    assert caught.value.data["errors"] == [errors_of(CIRCLE)[0]]
    assert caught.value.data["spent"] == {"input_tokens": 20, "output_tokens": 2}
    assert caught.value.hint
    assert not caught.value.retryable


def test_what_came_is_cut() -> None:
    with pytest.raises(AnswerError) as caught:
        ask_scripted("x", "y" * 10_000)
    assert caught.value.data["received"] == "y" * RECEIVED_LIMIT
