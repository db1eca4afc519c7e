"""A manager's draft to a plan: its words made to fit a document, its mistakes kept visible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.plans.codespan import span_at
from makeitso.plans.read import TASK_ID, FreeIds, clean_id
from makeitso.plans.tidy import one_line, tidy
from makeitso.protocol.plan import Check, Plan, Policies, Task

if TYPE_CHECKING:
    from makeitso.protocol.plan import PlanDraft, PlanDraftTask
    from makeitso.protocol.words import ApprovalPolicy


def plan_of_draft(
    draft: PlanDraft,
    *,
    plan_id: str,
    approval: ApprovalPolicy | None = None,
    policies: Policies | None = None,
    budget_tokens: int | None = None,
    max_concurrency: int | None = None,
) -> Plan:
    """Make a plan of a draft, with plan-wide settings.

    Ids that have not the form of one are given it, in `after` too; commands in backticks lose them;
    blank entries go. What only a person or the manager can put right (an id used twice, a cycle, an
    unknown id) stays, for `check_plan` to name.
    """
    free = FreeIds(task.id for task in draft.tasks)
    names: dict[str, str] = {}
    for task in draft.tasks:
        if task.id not in names:
            names[task.id] = _id(task.id, free)
    plan = Plan(
        id=plan_id,
        title=draft.title,
        goal=draft.goal,
        tasks=tuple(_task(task, names) for task in draft.tasks),
        approval=approval,
        policies=policies if policies is not None else Policies(),
        budget_tokens=budget_tokens,
        max_concurrency=max_concurrency,
    )
    return tidy(plan)


def _id(written: str, free: FreeIds) -> str:
    if TASK_ID.fullmatch(written):
        return written
    clean = clean_id(written)
    return clean if clean and free.claim(clean) else free.take()


def _task(task: PlanDraftTask, names: dict[str, str]) -> Task:
    name = names[task.id]
    commands = [_bare(command) for command in task.checks]
    return Task(
        id=name,
        title=one_line(task.title) or name,
        goal=task.goal,
        files=tuple(_bare(glob) for glob in task.files),
        checks=tuple(Check(command=command) for command in commands if command),
        after=tuple(names.get(wanted, wanted) for wanted in task.after),
    )


def _bare(text: str) -> str:
    """A text without the backticks around all of it."""
    text = text.strip()
    code = span_at(text, 0) if "\n" not in text else None
    return code.content.strip() if code is not None and code.end == len(text) else text
