"""What a worker is told: from the journal's state to the text of a turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.conversation import place_of
from makeitso.prompts.evidence import check_text, declared_checks, numbered
from makeitso.prompts.render import render
from makeitso.protocol.plan import Judgement

if TYPE_CHECKING:
    from makeitso.journal.state import TaskState
    from makeitso.prompts.render import Prompt
    from makeitso.protocol.events import ManagerJudged
    from makeitso.runs.context import Context


def for_turn(
    ctx: Context,
    task_id: str,
    *,
    round_number: int,
    verdict: Judgement | None,
    answer: str,
    diff: str,
) -> Prompt:
    """The text of a turn: EXEC for the first, FIX after a judgement, else a resume."""
    task = ctx.task(task_id)
    spec = task.spec
    goal = spec.goal or spec.title
    overrides, words = ctx.ports.prompt_overrides, ctx.ports.dictionary
    if verdict is not None:
        instructions = verdict.instructions
        if verdict.verdict == "need_input":
            instructions = f"You asked, or the manager did: {instructions}\nThe answer: {answer}"
        return render(
            "worker-fix",
            {
                "title": spec.title,
                "round": str(max(1, round_number - task.rounds_before)),
                "max_rounds": str(ctx.ports.config.manager.max_rounds),
                "instructions": instructions,
                "comments": numbered(comments(ctx, task_id)),
                "checks": _checks(task),
                "diff": diff,
            },
            override_text=overrides.get("worker-fix"),
            intent_word=words.intent_word("FIX"),
        )
    if task.rounds:
        return render(
            "worker-resume",
            {
                "title": spec.title,
                "goal": goal,
                "checks": declared_checks(spec.checks),
                "instructions": _sent_back_with(task),
                "decisions": _decisions(ctx, task_id),
                "diff": diff,
            },
            override_text=overrides.get("worker-resume"),
            intent_word=words.intent_word("EXEC"),
        )
    return render(
        "worker-exec",
        {
            "title": spec.title,
            "goal": goal,
            "plan_goal": ctx.run.plan.goal if ctx.run.plan else ctx.run.goal,
            "files": ", ".join(spec.files) or "whatever the task needs",
            "checks": declared_checks(spec.checks),
        },
        override_text=overrides.get("worker-exec"),
        intent_word=words.intent_word("EXEC"),
    )


def judgement_of(judged: ManagerJudged) -> Judgement:
    """The judgement a journal event holds."""
    return Judgement(
        verdict=judged.verdict,
        instructions=judged.instructions,
        note=judged.note,
        wait_s=judged.wait_s,
        wait_until=judged.wait_until,
        wait_command=judged.wait_command,
    )


def _sent_back_with(task: TaskState) -> str:
    """What this round is for: the worker may have died before it was told."""
    since = task.rounds_before if task.sent_back else 0
    before = [judged for judged in task.judgements if since < judged.round < task.rounds]
    if not before and task.sent_back:
        return task.sent_back[-1].instructions
    return before[-1].instructions if before else ""


def rounds_without_progress(task: TaskState) -> int:
    """Rounds in a row, up to now, whose tree is the tree before them."""
    trees = [task.base.tree if task.base else "", *task.round_trees]
    count = 0
    for previous, tree in zip(reversed(trees[:-1]), reversed(trees[1:]), strict=True):
        if previous != tree:
            break
        count += 1
    return count


def comments(ctx: Context, task_id: str) -> tuple[str, ...]:
    """What people said about this task, oldest first: answers, denials, rejections, comments."""
    said = [
        a.answer or a.because
        for a in ctx.run.approvals.values()
        if task_id in a.tasks and a.state in ("granted", "denied") and (a.answer or a.because)
    ]
    task = ctx.task(task_id)
    on_change = [
        f"on {place}: {known.said.text}" if (place := place_of(known.said)) else known.said.text
        for known in task.comments
    ]
    reasons = filter(None, dict.fromkeys(task.hunk_reasons.values()))
    return (*said, *reasons, *on_change)


def _checks(task: TaskState) -> str:
    shown: list[str] = []
    for check in task.spec.checks:
        found = task.latest_check(check.command, check.cwd, "round")
        if found is not None:
            shown.append(check_text(found.command, exit_code=found.exit_code, output=found.tail))
    return "\n\n".join(shown)


def _decisions(ctx: Context, task_id: str) -> str:
    """What was decided about this task's questions, for a worker whose process is new."""
    lines: list[str] = []
    for approval in ctx.run.approvals.values():
        if task_id not in approval.tasks or approval.kind not in ("command", "question"):
            continue
        if approval.state == "granted":
            lines.append(
                f"granted: {approval.subject}"
                + (f" ({approval.answer})" if approval.answer else "")
            )
        elif approval.state == "denied":
            lines.append(
                f"denied: {approval.subject}"
                + (f" ({approval.because})" if approval.because else "")
            )
    return "\n".join(lines)
