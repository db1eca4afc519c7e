"""Plan to document text: deterministic, and reading it gives the plan back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from makeitso.plans.amounts import budget_text, format_span
from makeitso.plans.codespan import code_span
from makeitso.plans.fences import mark_for
from makeitso.plans.items import SEPARATOR
from makeitso.plans.keys import key_name
from makeitso.plans.priority import priority_text
from makeitso.plans.quantity import format_duration
from makeitso.plans.syntax import parse
from makeitso.plans.tidy import tidy
from makeitso.plans.tree import Heading, Other, Paragraph
from makeitso.plans.values import POLICY_NAMES, limits_text, permission
from makeitso.plans.waits import wait_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makeitso.protocol.plan import Check, Plan, Policies, Task

_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")
_DEFAULT_TIMEOUT_S = 600.0
"""What `Check.timeout_s` is when a document says nothing."""


def write(plan: Plan, *, eol: str = "\n") -> str:
    """Write a plan as a new document.

    Args:
        plan: any plan; what a document cannot say is tidied first (see `tidy`).
        eol: line end, LF or CRLF.

    Returns:
        A text that `read_text` reads back to `tidy(plan)` with no problem of its own making.
    """
    plan = tidy(plan)
    lines = [_heading(plan.title), ""]
    if plan.goal:
        lines += [*_goal_lines(plan.goal), ""]
    for task in plan.tasks:
        lines += [*task_lines(task), ""]
    settings = list(setting_lines(plan))
    if settings:
        lines += ["```toml", *settings, "```", ""]
    return eol.join(lines)


def task_lines(task: Task) -> list[str]:
    """The lines of one task, without the empty line after it; the task must be tidy."""
    lines = [f"- [{'x' if task.done else ' '}] **{task.id}** {task.title}"]
    for key in key_lines(task):
        lines += [f"  {line}" if line else "" for line in key]
    if task.goal:
        body = [f"  {line}" if line else "" for line in task.goal.split("\n")]
        if key_name(body[0], 0) is not None or body[0].strip() == SEPARATOR:
            lines += ["", f"  {SEPARATOR}"]
        lines += ["", *body]
    return lines


def _heading(title: str) -> str:
    closed = title.rstrip("#")
    ends_like_closing = closed != title and (not closed or closed[-1] in " \t")
    return f"# {title} #" if ends_like_closing else f"# {title}"


def _goal_lines(goal: str) -> list[str]:
    """A paragraph where that reads back to the same goal, a block quote otherwise."""
    blocks = parse(f"# x\n\n{goal}\n\n- [ ] **T1** x\n").blocks
    kinds = [type(block) for block in blocks[:4]]
    plain = kinds == [Heading, Other, Paragraph, Other] and len(blocks) == 5
    paragraph = blocks[2] if plain else None
    if isinstance(paragraph, Paragraph) and not paragraph.quoted and paragraph.prose == goal:
        return goal.split("\n")
    return [f"> {line}" if line else ">" for line in goal.split("\n")]


def key_lines(task: Task) -> Iterator[list[str]]:  # noqa: C901 -- a key each, one after another
    """The lines of each key a task has, not indented; the first of them begins with `- `."""
    if task.files:
        yield [f"- files: {', '.join(code_span(glob) for glob in task.files)}"]
    for check in task.checks:
        yield _check(check)
    if task.after:
        yield [f"- after: {', '.join(_word(name) for name in task.after)}"]
    if task.priority:
        yield [f"- priority: {priority_text(task.priority)}"]
    if task.repo is not None:
        yield [f"- repo: {_word(task.repo)}"]
    if task.worker is not None:
        yield [f"- worker: {_word(task.worker)}"]
    policies = _policies(task.policies)
    if policies:
        yield [f"- policies: {', '.join(f'{name} {value}' for name, value in policies.items())}"]
    if task.approval is not None:
        yield [f"- approval: {task.approval}"]
    if budget := budget_text(task.budget_tokens, task.budget_s):
        yield [f"- budget: {budget}"]
    if task.wait is not None:
        yield [f"- wait: {wait_text(task.wait)}"]
    if task.skills:
        yield [f"- skills: {', '.join(_word(name) for name in task.skills)}"]
    for phase in task.phases:
        yield [
            f"- {phase.name}: {limits_text(phase.approval, phase.budget_tokens, phase.budget_s)}"
        ]


def _check(check: Check) -> list[str]:
    options: list[str] = []
    if check.cwd != ".":
        options.append(f"in {_word(check.cwd)}")
    if check.timeout_s != _DEFAULT_TIMEOUT_S:
        options.append(f"timeout {format_duration(check.timeout_s)}")
    if check.was_failing:
        options.append("(was: failing)")
    said = f" {' '.join(options)}" if options else ""
    if "\n" not in check.command:
        return [f"- done when: {code_span(check.command)}{said}"]
    mark = mark_for(check.command)
    command = [f"  {line}" if line else "" for line in check.command.split("\n")]
    return [f"- done when:{said}", f"  {mark}sh", *command, f"  {mark}"]


def _word(text: str) -> str:
    return text if _BARE.fullmatch(text) and text != "and" else code_span(text)


def _policies(policies: Policies) -> dict[str, str]:
    said = {name: permission(policies, name) for name in POLICY_NAMES}
    return {name: value for name, value in said.items() if value is not None}


def setting_lines(plan: Plan) -> Iterator[str]:
    """The lines of TOML for what a plan sets for the whole of it."""
    if plan.approval is not None:
        yield f'approval = "{plan.approval}"'
    if plan.budget_tokens is not None:
        yield f"budget_tokens = {plan.budget_tokens:_}"
    if plan.budget_s is not None:
        yield f"budget_minutes = {_minutes(plan.budget_s)}"
    if plan.max_concurrency is not None:
        yield f"max_concurrency = {plan.max_concurrency}"
    policies = _policies(plan.policies)
    if policies:
        inner = ", ".join(f'{name} = "{value}"' for name, value in policies.items())
        yield f"policies = {{ {inner} }}"


def _minutes(seconds: int) -> str:
    """Minutes as TOML reads them back to the same seconds."""
    if seconds % 60 == 0:
        return str(seconds // 60)
    return f'"{format_span(seconds)}"'
