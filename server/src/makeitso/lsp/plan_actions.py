"""What a person can do with a plan and its tasks, as it stands: lenses and their twins. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.costs import run_costs, task_costs, tokens_shown
from makeitso.journal.view import standing
from makeitso.lsp.actions import TRUST, Action
from makeitso.lsp.wording import for_editor
from makeitso.plans.amounts import amount

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from makeitso.lsp.plan_view import PlanView
    from makeitso.lsp.positions import Stretch
    from makeitso.plans.outline import TaskOutline
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.run import RunView, TaskView

SCOPES = {"task": "for this task", "run": "for this run", "until-red": "until something is red"}


def plan_actions(view: PlanView) -> list[Action]:
    """Everything that can be done, in the order of the document."""
    if not view.path:
        return []
    found = [*_head(view)]
    for task in view.outline.tasks:
        found += _task(view, task)
    return found


def _head(view: PlanView) -> Iterator[Action]:
    last = view.outline.tasks[0].block.line - 1 if view.outline.tasks else view.head.end_line
    place = Spot(view.head, 0, max(last, view.head.end_line))
    if (distrusted := view.distrusted) is not None:
        digests = {file.path: file.digest for file in distrusted.files if file.change != "removed"}
        yield place.action(
            "Trust these files", "mis.trust.set", {"trusted": True, "digests": digests}, TRUST
        )
    run, state = view.run, view.state
    if run is not None and state is not None:
        yield place.action(f"State: {state_line(view)}", "mis.run.get", {"run": run.id})
    if run is None or state is None or state.finished is not None:
        if view.can_run:
            start = {"plan": view.path, "digest": view.digest}
            yield place.action("Make it so", "mis.run.start", {**start, "approve": True})
            yield place.action("Run", "mis.run.start", start)
    else:
        for approval in state.pending:
            if not approval.tasks:
                yield from answers_to(place, approval)
        if view.driven:
            yield place.action("Stop", "mis.run.stop", {"run": run.id})
        else:
            yield place.action("Resume", "mis.run.resume", {"run": run.id})
    if run is not None and any(task.hunks.get("accepted") for task in run.tasks):
        yield place.action("Land accepted", "mis.change.land", {"run": run.id})


def _task(view: PlanView, outline: TaskOutline) -> Iterator[Action]:
    task = view.task(outline.id)
    if task is None or view.run is None or view.state is None:
        return
    place = Spot(outline.line, outline.block.line, outline.block.end_line)
    run = {"run": view.run.id}
    yield place.action(f"State: {task_line(view.run, task)}", "mis.run.get", run)
    for approval in view.state.pending:
        if outline.id in approval.tasks:
            yield from answers_to(place, approval)
    if task.wait is not None:
        yield place.action("Go on now", "mis.wait.skip", {**run, "task": outline.id})
    if sum(task.hunks.values()):
        waiting = task.hunks.get("pending", 0) + task.hunks.get("conflict", 0)
        title = f"Review {waiting} open hunks" if waiting != 1 else "Review 1 open hunk"
        shown = {**run, "task": outline.id, "hunks": False}  # they are in the document it opens
        yield place.action(title if waiting else "Review", "mis.change.get", shown)
    else:
        yield from _left_behind(place, task)
    yield from _landed(view, place, task)
    if view.driven and task.state in ("running", "waiting"):
        yield place.action("Stop", "mis.run.stop", run)
        if len(view.run.tasks) > 1:
            stop = {**run, "task": outline.id}
            yield place.action(f"Stop {outline.id} alone", "mis.run.stop", stop)
    if task.state in ("failed", "stopped"):
        retry = {**run, "retry": [outline.id]}
        yield place.action(f"Retry {outline.id}", "mis.run.resume", retry)


def _left_behind(place: Spot, task: TaskView) -> Iterator[Action]:
    """What a worker wrote that never came to be proposed: it can be reviewed where it is."""
    if task.state in ("failed", "stopped") and task.worktree is not None:
        source = {"from": task.worktree, "hunks": False}
        yield place.action("Review what it left", "mis.review.open", source)


def _landed(view: PlanView, place: Spot, task: TaskView) -> Iterator[Action]:
    """The newest landing of a task that stands, taken back."""
    state = view.state.tasks.get(task.id) if view.state is not None else None
    if state is None or not state.standing or not (state.reviewing or state.ended is not None):
        return
    if state.undo_requested is None and state.landing is None:
        newest = next(reversed(state.standing))
        yield place.action("Undo landing", "mis.change.undo", {"landing": newest})


def answers_to(place: Spot, approval: Approval) -> Iterator[Action]:
    """The answers to one question, the plainest first."""
    base: dict[str, object] = {"id": approval.id, "digest": approval.digest}
    what = "plan" if approval.kind == "plan" else approval.id
    if approval.kind == "question":
        for choice in approval.choices:
            params = {**base, "grant": True, "answer": choice}
            yield place.action(f"Answer: {choice}", "mis.approval.decide", params, approval.id)
    elif approval.ceiling is not None:
        for more in dict.fromkeys((approval.ceiling.grant, max(1, approval.ceiling.grant // 2))):
            said = amount(approval.ceiling, more)
            params = {**base, "grant": True, "answer": said}
            yield place.action(f"Give {said} more", "mis.approval.decide", params, approval.id)
    else:
        for scope in approval.scopes:
            more = f" {SCOPES[scope]}" if scope in SCOPES else ""
            params: dict[str, object] = {**base, "grant": True, "scope": scope}
            if scope == "always":
                more = f" always for `{approval.pattern}`"
                params["pattern"] = approval.pattern
            yield place.action(f"Approve {what}{more}", "mis.approval.decide", params, approval.id)
    deny: dict[str, object] = {**base, "grant": False}
    yield place.action(f"Deny {what}", "mis.approval.decide", deny, approval.id)
    if approval.pattern:
        title = f"Deny {what} always for `{approval.pattern}`"
        params = {**deny, "scope": "always", "pattern": approval.pattern}
        yield place.action(title, "mis.approval.decide", params, approval.id)


def state_line(view: PlanView) -> str:
    """How the latest run stands, in a few words."""
    run = view.run
    if run is None:
        return "not run yet"
    costs = run_costs(run) if run.time.budget_ms else tokens_shown(run.tokens)
    reason = f" ({_short(run.reason)})" if run.reason else ""
    return f"{run.state}{reason}, {costs}"


def task_line(run: RunView, task: TaskView) -> str:
    """How a task stands, in a few words."""
    running = next((phase.name for phase in task.phases if phase.state == "running"), None)
    phase = f", {running}" if running else ""
    reason = f" ({_short(task.reason)})" if task.reason else ""
    costs = f", {task_costs(task)}" if task.tokens.used or task.time.used_ms else ""
    return f"{standing(run, task)}{phase}{reason}{costs}"


def _short(text: str) -> str:
    line = for_editor(text.split("\n", 1)[0])
    return line if len(line) <= 60 else f"{line[:59]}…"


class Spot:
    """Where actions stand, and on which lines their twins are offered."""

    def __init__(self, span: Stretch, first: int, last: int) -> None:
        self._span, self._first, self._last = span, first, last

    def action(
        self, title: str, command: str, params: Mapping[str, object], answers: str = ""
    ) -> Action:
        """An action there; `answers` is the id of the question it answers, or TRUST."""
        return Action(
            title=title,
            command=command,
            params=params,
            span=self._span,
            first=self._first,
            last=self._last,
            answers=answers,
        )
