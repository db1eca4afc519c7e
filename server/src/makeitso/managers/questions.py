"""The two questions a model is asked, PLAN and EVAL, with their evidence cut to size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from makeitso.managers.answers import judgement_problems, learn_problems, plan_problems
from makeitso.managers.bounds import hold
from makeitso.managers.structured import ask
from makeitso.parsing.patterns import FIELDS
from makeitso.prompts.cut import cut_diff, cut_text
from makeitso.prompts.evidence import check_text, numbered
from makeitso.prompts.render import render
from makeitso.protocol.learned import LearnDraft
from makeitso.protocol.plan import Judgement, PlanDraft

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from makeitso.managers.bounds import Limits
    from makeitso.managers.port import Answer, JudgeRequest, LearnRequest, PlanRequest
    from makeitso.managers.structured import Reply
    from makeitso.prompts.catalog import PromptName
    from makeitso.prompts.render import Prompt

GOAL_LIMIT = 100_000
"""Characters of a goal a model is shown."""
DIFF_LIMIT = 60_000
MESSAGE_LIMIT = 8_000
COMMENTS_LIMIT = 12_000
SAMPLES_LIMIT = 24_000
LINE_LIMIT = 500
"""Characters of one line of output a model is shown."""


def no_prompts() -> Mapping[PromptName, str]:
    """The default of settings: only the packaged prompts."""
    return {}


async def ask_plan(
    request: PlanRequest,
    *,
    send: Callable[[str], Awaitable[Reply]],
    prompts: Mapping[PromptName, str],
) -> Answer[PlanDraft]:
    """Ask for a plan; `prompts` are a workspace's own prompt texts by name."""
    return await ask(
        plan_prompt(request, prompts=prompts),
        shape=PlanDraft,
        problems=plan_problems,
        send=send,
        retry_text=prompts.get("manager-retry"),
    )


async def ask_judgement(
    request: JudgeRequest,
    *,
    send: Callable[[str], Awaitable[Reply]],
    prompts: Mapping[PromptName, str],
    limits: Limits,
) -> Answer[Judgement]:
    """Ask for a judgement and hold it to the checks and the limits."""
    answer = await ask(
        judge_prompt(request, prompts=prompts),
        shape=Judgement,
        problems=judgement_problems,
        send=send,
        retry_text=prompts.get("manager-retry"),
    )
    return replace(answer, value=hold(answer.value, request, limits=limits))


async def ask_learn(
    request: LearnRequest,
    *,
    send: Callable[[str], Awaitable[Reply]],
    prompts: Mapping[PromptName, str],
) -> Answer[LearnDraft]:
    """Ask for patterns."""
    return await ask(
        learn_prompt(request, prompts=prompts),
        shape=LearnDraft,
        problems=lambda draft: learn_problems(draft, groups=len(request.groups)),
        send=send,
        retry_text=prompts.get("manager-retry"),
    )


def plan_prompt(request: PlanRequest, *, prompts: Mapping[PromptName, str]) -> Prompt:
    """The exact first message of PLAN."""
    return render(
        "manager-plan",
        {
            "goal": cut_text(request.goal, GOAL_LIMIT),
            "facts": request.facts,
            "policy": request.policy,
            "seed": str(request.seed),
        },
        override_text=prompts.get("manager-plan"),
        intent_word=request.intent_word,
    )


def judge_prompt(request: JudgeRequest, *, prompts: Mapping[PromptName, str]) -> Prompt:
    """The exact first message of EVAL."""
    checks = "\n\n".join(
        check_text(check.command, exit_code=check.exit_code, output=check.output_tail)
        for check in request.checks
    )
    return render(
        "manager-judge",
        {
            "task_id": request.task_id,
            "title": request.title,
            "goal": cut_text(request.goal, GOAL_LIMIT),
            "comments": cut_text(numbered(request.comments), COMMENTS_LIMIT, head=0.2),
            "round": str(request.round),
            "max_rounds": str(request.max_rounds),
            "no_progress": str(request.no_progress),
            "seed": str(request.seed),
            "declared_checks": str(request.declared_checks),
            "diff": cut_diff(request.diff, DIFF_LIMIT),
            "checks": checks,
            "worker_message": cut_text(request.worker_message, MESSAGE_LIMIT),
            "waited": cut_text(request.waited, MESSAGE_LIMIT),
            "now": request.now or "not known",
        },
        override_text=prompts.get("manager-judge"),
        intent_word=request.intent_word,
    )


def learn_prompt(request: LearnRequest, *, prompts: Mapping[PromptName, str]) -> Prompt:
    """The exact first message of LEARN."""
    samples = "\n\n".join(
        f"Group {number}:\n" + "\n".join(cut_text(line, LINE_LIMIT) for line in lines)
        for number, lines in enumerate(request.groups, start=1)
    )
    return render(
        "manager-learn",
        {
            "samples": cut_text(samples, SAMPLES_LIMIT, head=1.0),
            "fields": ", ".join(name for name in FIELDS if name != "json"),
            "seed": str(request.seed),
        },
        override_text=prompts.get("manager-learn"),
        intent_word=request.intent_word,
    )
