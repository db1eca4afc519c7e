"""Tokens and time as people read them: `3m12s · 48k/120k tokens`; with a bar where it fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from makeitso.protocol.budget import Ceiling
    from makeitso.protocol.run import RunView, TaskView, Tokens, WorkTime

BAR = 10
"""Cells of a bar."""


def counted(number: int) -> str:
    """A number of tokens in at most four characters below a thousand millions."""
    if number < 1000:
        return str(number)
    if number < 1_000_000:
        return f"{number // 1000}k"
    return f"{number / 1_000_000:.1f}M".replace(".0M", "M")


def lasted(ms: int) -> str:
    """A time in its two largest units: `45s`, `3m12s`, `1h04m`; units that are nothing go."""
    seconds = ms // 1000
    if seconds < 60:
        return f"{seconds}s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}m{seconds:02}s" if seconds else f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if minutes else f"{hours}h"


def tokens_shown(tokens: Tokens) -> str:
    """Spent, and the ceiling if there is one: `48k/120k tokens`."""
    ceiling = f"/{counted(tokens.budget)}" if tokens.budget else ""
    return f"{counted(tokens.used)}{ceiling} tokens"


def time_shown(time: WorkTime) -> str:
    """Time at work, and the ceiling if there is one: `3m12s/30m`."""
    ceiling = f"/{lasted(time.budget_ms)}" if time.budget_ms else ""
    return f"{lasted(time.used_ms)}{ceiling}"


def task_costs(task: TaskView) -> str:
    """What a task used and may use: `3m12s · 48k/120k tokens`."""
    return f"{time_shown(task.time)} · {tokens_shown(task.tokens)}"


def run_costs(run: RunView) -> str:
    """What a run used and may use: `12m/30m · 61k/500k tokens`."""
    return f"{time_shown(run.time)} · {tokens_shown(run.tokens)}"


def progress_line(run: RunView) -> str:
    """What goes on and what it costs: `T1 task 3m12s · 48k/120k tokens · run 61k/500k tokens`."""
    at_work: list[str] = []
    for task in run.tasks:
        phase = next((p.name for p in task.phases if p.state == "running"), None)
        if phase is not None and task.state == "running":
            at_work.append(f"{task.id} {phase} {task_costs(task)}")
    whole = run_costs(run) if run.time.budget_ms else tokens_shown(run.tokens)
    return " · ".join([*at_work, f"run {whole}"])


def bar(used: int, budget: int) -> str:
    """How much of a ceiling is used, e.g. `████░░░░░░`; empty without one. Full only when it is."""
    if not budget:
        return ""
    filled = min(BAR, used * BAR // budget)
    return "█" * filled + "░" * (BAR - filled)


def nearest_shown(ceiling: Ceiling) -> str:
    """Which ceiling is most used up: `phase task of T1: 80 % of 120k tokens`."""
    whose = {
        "run": "run",
        "plan": "plan",
        "task": f"task {ceiling.task}",
        "phase": f"phase {ceiling.phase} of {ceiling.task}",
    }[ceiling.scope]
    height = (
        f"{counted(ceiling.limit)} tokens" if ceiling.measure == "tokens" else lasted(ceiling.limit)
    )
    return f"{whose}: {100 * ceiling.used // ceiling.limit} % of {height}"
