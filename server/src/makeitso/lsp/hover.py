"""What stands behind a place: how a plan, a task or a hunk is doing, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.staleness import stale_line
from makeitso.lsp.diagnostics import question
from makeitso.lsp.file_view import message
from makeitso.lsp.plan_actions import state_line, task_line
from makeitso.plans.outline import place_at
from makeitso.protocol.text import Span
from makeitso.runs.times import wait_line
from makeitso.store.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.lsp.file_view import FileHunk
    from makeitso.lsp.plan_view import PlanView
    from makeitso.lsp.positions import Stretch
    from makeitso.lsp.review_view import ReviewView
    from makeitso.protocol.run import RunView, TaskView

MARKS = {"passed": "green", "failed": "red", "not run": "not run"}


def plan_hover(view: PlanView, line: int, column: int) -> tuple[str, Stretch] | None:
    """Text and place; None where nothing is known."""
    place = place_at(view.outline, line, column)
    if place.kind == "heading":
        return _plan(view), view.head
    if place.kind != "task" or place.task is None or place.span is None:
        return None
    name = place.word if place.part == "after" and place.word else place.task.id
    spec = next((task for task in view.read.plan.tasks if task.id == name), None)
    if spec is None:
        return None
    lines = [f"**{spec.id}** {spec.title}"]
    task = view.task(name)
    if task is None or view.run is None:
        lines += ["", "not run yet" if not spec.done else "done"]
    else:
        lines += ["", *_task(view.run, task)]
        asked = view.state.pending if view.state is not None else ()
        lines += [line for one in asked if task.id in one.tasks for line in ("", question(one))]
    return "\n".join(lines), place.span


def _plan(view: PlanView) -> str:
    lines = [f"**{view.read.plan.title}**", "", f"State: {state_line(view)}"]
    if view.run is not None:
        lines += ["", f"Run `{view.run.id}`", ""]
        lines += [f"- {task.id}: {task_line(view.run, task)}" for task in view.run.tasks]
        asked = view.state.pending if view.state is not None else ()
        lines += [line for one in asked if not one.tasks for line in ("", question(one))]
    lines += ["", f"Digest `{view.digest[:12]}`"]
    return "\n".join(lines)


def _task(run: RunView, task: TaskView) -> list[str]:
    lines = [f"State: {task_line(run, task)}", ""]
    if task.wait is not None:
        lines += [f"It {wait_line(task.wait, now_ms=SystemClock().now_ms())}.", ""]
    lines += [f"- {phase.name}: {phase.state}" for phase in task.phases]
    for check in task.checks:
        lines += [
            "",
            f"`{check.command}`: "
            + ", ".join(
                f"{where} {MARKS[said]}"
                for where, said in (
                    ("base", check.base),
                    ("proposal", check.proposal),
                    ("landed", check.landed),
                )
            ),
        ]
    if task.hunks:
        counts = ", ".join(f"{count} {state}" for state, count in sorted(task.hunks.items()))
        lines += ["", f"Hunks: {counts}"]
    if task.summary:
        lines += ["", task.summary]
    return lines


def file_hover(found: Sequence[FileHunk], line: int) -> tuple[str, Stretch] | None:
    """What open hunks would do on a line of a real file."""
    here = [hunk for hunk in found if hunk.first <= line <= hunk.last and hunk.one.waits]
    if not here:
        return None
    shown = [f"{title}\n```diff\n{diff}\n```" for hunk in here for title, diff in (_told(hunk),)]
    return "\n\n".join(shown), Span(line=line, column=0, end_line=line, end_column=0)


def _told(hunk: FileHunk) -> tuple[str, str]:
    title, _, diff = message(hunk.one).partition("\n")
    return title, diff.replace("```", "` ` `")


def review_hover(view: ReviewView, line: int) -> tuple[str, Stretch] | None:
    """State and reason of the hunk on a line."""
    if view.task_state is None:
        return None
    for file in view.files:
        for hunk in file.hunks:
            if hunk.span.line <= line <= hunk.last:
                reason = view.task_state.hunk_reasons.get(hunk.id, "")
                known = view.task_state.change.hunks if view.task_state.change else ()
                asked = [one for one in known if one.id == hunk.id and one.must_ask]
                lines = [f"Hunk `{hunk.id}`: **{hunk.state}**{f', {reason}' if reason else ''}"]
                if asked:
                    why = f": {asked[0].why_ask}" if asked[0].why_ask else ""
                    lines += ["", f"A person must decide this one, whatever is set{why}."]
                stale = stale_line(view.state, view.task_state) if view.state is not None else ""
                lines += ["", f"{stale}."] if stale else []
                return "\n".join(lines), hunk.span
    return None
