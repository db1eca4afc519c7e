"""The manager for when nobody manages: the person wrote the plan, and the checks decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import UsageError
from makeitso.managers.bounds import Limits, failing, fix_instructions, hold
from makeitso.managers.port import Answer, unseen
from makeitso.protocol.plan import Judgement, PlanDraft, PlanDraftTask

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from makeitso.managers.port import JudgeRequest, LearnRequest, ManagerEvent, PlanRequest
    from makeitso.protocol.learned import LearnDraft

TITLE_LIMIT = 60
"""Characters of a title, as the contract asks of a draft."""


class NoManager:
    """Asks no model and spends no tokens."""

    kind = "none"

    def __init__(self, *, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()

    async def plan(
        self,
        request: PlanRequest,
        progress: Callable[[str], Awaitable[None]],
        *,
        saw: Callable[[ManagerEvent], None] = unseen,
    ) -> Answer[PlanDraft]:
        """One task that is the goal, without checks.

        Raises:
            UsageError: the goal is empty.
        """
        del progress, saw
        return Answer(value=draft_from_goal(request.goal), prompt_digest="")

    async def judge(
        self,
        request: JudgeRequest,
        progress: Callable[[str], Awaitable[None]],
        *,
        saw: Callable[[ManagerEvent], None] = unseen,
    ) -> Answer[Judgement]:
        """Done when every check passed or none is declared; else back with the outputs."""
        del progress, saw
        verdict = hold(judge_by_checks(request), request, limits=self._limits)
        return Answer(value=verdict, prompt_digest="")

    async def learn(
        self,
        request: LearnRequest,
        progress: Callable[[str], Awaitable[None]],
        *,
        saw: Callable[[ManagerEvent], None] = unseen,
    ) -> Answer[LearnDraft]:
        """Suggest nothing.

        Raises:
            UsageError: there is nobody to ask.
        """
        del request, progress, saw
        raise UsageError(
            "no manager can propose patterns: [manager] kind is none",
            hint="Name one in [manager] kind, or learn without a model: --proposer offline.",
        )

    async def rest(self) -> None:
        """Nothing runs."""

    async def close(self) -> None:
        """Nothing runs."""


def draft_from_goal(goal: str) -> PlanDraft:
    """The plan of one task that a goal is when nobody splits it.

    Raises:
        UsageError: the goal is empty.
    """
    text = goal.strip()
    if not text:
        raise UsageError("The goal is empty.", hint="Say what is to be done.")
    title = _title(text)
    task = PlanDraftTask(id="T1", title=title, goal=text, files=[], checks=[], after=[])
    return PlanDraft(title=title, goal=text, tasks=[task])


def judge_by_checks(request: JudgeRequest) -> Judgement:
    """The verdict of the checks alone, before any limit."""
    red = failing(request.checks)
    if red:
        note = f"{len(red)} of {len(request.checks)} checks failed."
        return Judgement(
            verdict="continue", instructions=fix_instructions(red), note=note, wait_s=0.0
        )
    if not request.declared_checks:
        note = "No check is declared; nothing proves the result but your review."
    elif len(request.checks) < request.declared_checks:
        note = "Not every declared check has run yet; verification decides."
    else:
        note = "Every check passed."
    return Judgement(verdict="done", instructions="", note=note, wait_s=0.0)


def _title(text: str) -> str:
    line = " ".join(text.splitlines()[0].lstrip("#").split()) or "Goal"
    return line if len(line) <= TITLE_LIMIT else line[: TITLE_LIMIT - 1].rstrip() + "…"
