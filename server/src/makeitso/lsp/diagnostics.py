"""Problems and states that need a person, as diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from makeitso.lsp.wording import for_editor
from makeitso.protocol.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from makeitso.lsp.plan_view import PlanView
    from makeitso.lsp.positions import Stretch, TextIndex
    from makeitso.lsp.review_view import ReviewView
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.text import Problem
    from makeitso.protocol.words import Severity
    from makeitso.requests.place import Workplace

SOURCE = "makeitso"
SEVERITIES: dict[Severity, types.DiagnosticSeverity] = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}


def of_problem(problem: Problem, index: TextIndex) -> types.Diagnostic:
    """A problem of a plan or config file."""
    return types.Diagnostic(
        range=index.range(problem.span),
        message=problem.message,
        severity=SEVERITIES[problem.severity],
        code=problem.code,
        source=SOURCE,
    )


def of_plan(view: PlanView, index: TextIndex) -> list[types.Diagnostic]:
    """What is wrong with a plan, and what of its run waits for a person."""
    return [
        *(of_problem(problem, index) for problem in view.problems),
        *_distrusted(view, index),
        *_waiting(view, index),
    ]


def _distrusted(view: PlanView, index: TextIndex) -> Iterator[types.Diagnostic]:
    state = view.distrusted
    if state is None:
        return
    why = "is not trusted" if state.state == "untrusted" else "changed since it was trusted"
    lines = [
        f"- {file.path} ({file.change})" + "".join(f"\n  {line}" for line in file.carries)
        for file in state.files
    ]
    message = f"The workspace {why} ; nothing of it runs before you agree to:\n"
    yield _information(index, view.head, "workspace-untrusted", message + "\n".join(lines))


def _waiting(view: PlanView, index: TextIndex) -> Iterator[types.Diagnostic]:
    state, run = view.state, view.run
    if state is None or run is None:
        return
    places = {task.id: task.id_span or task.line for task in view.outline.tasks}
    for approval in state.pending:
        for span in [places[t] for t in approval.tasks if t in places] or [view.head]:
            yield _information(index, span, "awaiting-approval", question(approval))
    if state.finished is None and not view.driven:
        why = for_editor(run.reason or run.state)
        way = "" if "“Resume”" in why else " “Resume” goes on."
        message = f"{run.id} stands still: {why.rstrip('.')}.{way}"
        yield _information(index, view.head, "run-stands-still", message)
    for task in run.tasks:
        if task.state in ("failed", "stopped") and task.id in places:
            message = f"{task.id} {task.state} in {run.id}: {task.reason or 'no reason given'}"
            yield _information(index, places[task.id], "task-not-done", message)
        conflicts = task.hunks.get("conflict", 0)
        if conflicts and task.id in places:
            some = f"{conflicts} accepted {'hunk' if conflicts == 1 else 'hunks'} of {task.id}"
            message = f"{some} could not land: review again."
            yield _information(index, places[task.id], "hunks-in-conflict", message)
    if state.finished is not None and state.finished.state == "failed" and not run.tasks:
        failed = f"{run.id} failed: {for_editor(run.reason)}"
        yield _information(index, view.head, "run-failed", failed)


def question(approval: Approval) -> str:
    """A question in words, with what helps to decide."""
    detail = f"\n{approval.detail}" if approval.detail else ""
    return f"Waits for you ({approval.id}, {approval.kind}): {approval.subject}{detail}"


def of_review(
    view: ReviewView, index: TextIndex, *, refused: Iterable[tuple[Span, str]] = ()
) -> list[types.Diagnostic]:
    """What of a change waits for a person, and what of their saved text was refused."""
    if view.task_state is None or view.state is None:
        return []
    top = Span(line=0, column=0, end_line=0, end_column=0)
    found = [
        _information(index, top, "awaiting-approval", question(approval))
        for approval in view.state.pending
        if view.task in approval.tasks
    ]
    for span, why in refused:
        problem = _information(index, span, "edit-refused", why)
        problem.severity = types.DiagnosticSeverity.Error
        found.append(problem)
    for file in view.files:
        for hunk in file.hunks:
            if hunk.state == "conflict":
                reason = view.task_state.hunk_reasons.get(hunk.id, "the file moved on")
                message = f"Could not land: {reason}"
                found.append(_information(index, hunk.span, "hunk-in-conflict", message))
    return found


def of_config(path: Path, text: str, index: TextIndex, at: Workplace) -> list[types.Diagnostic]:
    """What is wrong in a config file: as loaded when saved, of the text alone while it is not."""
    from makeitso.workspace.config_layers import file_layer, parse_file, profile_layer

    raw = text.encode("utf-8", "surrogatepass")
    file = parse_file(path, "workspace", raw)
    loaded = next((known for known in at.bridge.loaded.files if known.path == path), None)
    if loaded is not None and loaded.digest == file.digest:
        problems = [found for found in at.bridge.loaded.problems if found.path == path]
    else:
        layers = [file_layer(file), *(profile_layer(file, name) for name in file.profiles)]
        problems = [*file.problems, *(found for layer in layers for found in layer.problems)]
    return [of_problem(found.problem, index) for found in problems]


def of_rules(path: Path, text: str, index: TextIndex) -> list[types.Diagnostic]:
    """What is wrong in the person's rules file."""
    from makeitso.workspace.rule_file import parse_rules

    return [of_problem(found.problem, index) for found in parse_rules(path, text).problems]


def _information(index: TextIndex, span: Stretch, code: str, message: str) -> types.Diagnostic:
    return types.Diagnostic(
        range=index.range(span),
        message=message,
        severity=types.DiagnosticSeverity.Information,
        code=code,
        source=SOURCE,
    )
