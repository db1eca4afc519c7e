"""Figures over runs: what `mis audit` shows and `mis/audit/get` answers. All are folds.

A ratio lies between 0 and 1 and is null where there is nothing to divide by. Durations are wall
milliseconds. `docs/audit.md` has the formulas.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.budget import Ceiling
from makeitso.protocol.words import ApprovalKind, PhaseName, RunStateName

DriftFigure = Literal["parse_success", "coverage", "tokens_per_task"]


class ParseFigures(Wire):
    """What the parser made of the output of commands, and of the frames in agents' own words."""

    records: int = Field(ge=0, description="Records from stdout and stderr of commands.")
    misses: int = Field(ge=0, description="Lines there that ask for a record and gave none.")
    success: float | None = Field(description="records / (records + misses).")
    lines: int = Field(ge=0, description="Lines there that are not blank.")
    explained_lines: int = Field(ge=0, description="Those that a pattern knows.")
    coverage: float | None = Field(description="explained_lines / lines.")
    size_bytes: int = Field(ge=0, description="Bytes of those lines, without line ends.")
    explained_bytes: int = Field(ge=0, description="Bytes of the explained ones.")
    byte_coverage: float | None = Field(description="explained_bytes / size_bytes.")
    frames: int = Field(ge=0, description="Frames in agents' own words.")
    frame_faults: int = Field(ge=0, description="Frames there that were forged, cut or not JSON.")


class AdherenceFigures(Wire):
    """Whether what was done is what the plan said."""

    declared_files: int = Field(ge=0, description="Changed files of tasks that declare `files`.")
    files_inside: int = Field(ge=0, description="Those of them inside the declared globs.")
    dependent_tasks: int = Field(ge=0, description="Landed tasks that come after others.")
    tasks_in_order: int = Field(ge=0, description="Those of them that landed after all of these.")
    checked_tasks: int = Field(ge=0, description="Landed tasks with a declared check.")
    tasks_proved: int = Field(
        ge=0, description="Those of them whose every check passed when it last ran on their work."
    )
    score: float | None = Field(description="Mean of those of the three ratios that exist.")


class TokenFigures(Wire):
    """Tokens spent."""

    manager_input: int = Field(ge=0, description="Tokens the manager read, cached ones too.")
    manager_output: int = Field(ge=0, description="Tokens the manager wrote, reasoning too.")
    worker_input: int = Field(ge=0, description="Tokens the workers read, cached ones too.")
    worker_output: int = Field(ge=0, description="Tokens the workers wrote, reasoning too.")
    total: int = Field(ge=0, description="All four together.")
    per_landed_hunk: float | None = Field(description="total / landed hunks.")
    per_task: float | None = Field(description="total / ended tasks.")


class BudgetFigures(Wire):
    """Ceilings on tokens and time, and what became of them."""

    used_tokens: int = Field(ge=0, description="Spent in runs that have a ceiling.")
    ceiling_tokens: int = Field(ge=0, description="Their ceilings, raised ones as raised.")
    share: float | None = Field(description="used_tokens / ceiling_tokens; may be above 1.")
    overrun_tokens: int = Field(ge=0, description="Spent beyond a run's ceiling.")
    runs_over: int = Field(ge=0, description="Runs that spent more than their ceiling.")
    tasks_over: int = Field(ge=0, description="Tasks that spent more than a ceiling of their own.")
    worked_ms: int = Field(
        default=0, ge=0, description="Time runs were at work; tasks at once once. No waiting."
    )
    timed_ms: int = Field(default=0, ge=0, description="Of it, in runs with a time ceiling.")
    ceiling_ms: int = Field(default=0, ge=0, description="Time ceilings, raised ones as raised.")
    time_share: float | None = Field(default=None, description="timed_ms / ceiling_ms.")
    raised: int = Field(default=0, ge=0, description="Times a person raised a ceiling.")


class HunkFigures(Wire):
    """What became of proposed hunks."""

    proposed: int = Field(ge=0, description="Hunks that stand for a decision or have had one.")
    accepted: int = Field(ge=0, description="Marked accepted, whatever came of it.")
    rejected: int = Field(ge=0, description="Marked rejected.")
    pending: int = Field(ge=0, description="Not marked.")
    refused: int = Field(ge=0, description="Can never land; nobody is asked.")
    landed: int = Field(ge=0, description="Accepted, and in the workspace.")
    conflicts: int = Field(ge=0, description="Accepted, and set aside when they were to land.")
    acceptance: float | None = Field(description="accepted / (accepted + rejected).")


class CheckFigures(Wire):
    """Checks that ran; a result that was used again is no run."""

    passed: int = Field(ge=0, description="Ended with 0 in time.")
    failed: int = Field(ge=0, description="All others, timeouts among them.")
    timed_out: int = Field(ge=0, description="Took longer than they may.")
    reused: int = Field(ge=0, description="Results of the same tree that were used again.")


class WaitFigures(Wire):
    """Time in which nothing could go on, and what cut work short."""

    person_ms: int = Field(
        ge=0, description="Time in which a question was open; two at once count once."
    )
    waits: int = Field(ge=0, description="Waits of tasks for time or a command that began.")
    waited_ms: int = Field(ge=0, description="How long they took, together; of those that ended.")
    looks: int = Field(ge=0, description="Looks at the commands that were waited for.")
    skipped: int = Field(ge=0, description="Waits that a person ended early.")
    manager_waits: int = Field(ge=0, description="Those of the waits that a manager asked for.")
    manager_ms: int = Field(ge=0, description="How long those took, together.")
    interrupts: int = Field(ge=0, description="Worker turns that were interrupted.")
    manager_interrupts: int = Field(ge=0, description="Times the monitor interrupted the manager.")
    failed_turns: int = Field(ge=0, description="Worker turns that failed.")
    retries: int = Field(ge=0, description="Turns begun once more, plans asked for once more.")
    stops: int = Field(ge=0, description="Times somebody asked to stop.")
    resumes: int = Field(ge=0, description="Times a run was taken up again.")


class Spread(Wire):
    """How long something takes."""

    count: int = Field(ge=0, description="How often it was measured.")
    median_ms: int | None = Field(description="Half took no longer.")
    p90_ms: int | None = Field(description="Nine of ten took no longer (nearest rank).")
    max_ms: int | None = Field(description="The longest.")


class LatencyFigures(Wire):
    """How long things take; time in which a person was waited for is in it."""

    turn: Spread = Field(description="Worker turns, from instruction to end.")
    plan: Spread = Field(description="From the beginning of a run to the manager's plan.")
    judge: Spread = Field(description="From asking the manager about a round to its word.")
    check: Spread = Field(description="Checks that ran.")
    first_change: Spread = Field(description="From the beginning of a run to its first change.")
    answer: Spread = Field(description="From a question to a person's answer.")


class ApprovalFigures(Wire):
    """Questions of one kind."""

    kind: ApprovalKind = Field(description="What was asked for.")
    asked: int = Field(ge=0, description="Asked.")
    granted: int = Field(ge=0, description="Granted.")
    denied: int = Field(ge=0, description="Denied.")
    void: int = Field(ge=0, description="Fell away, or left open by a run that ended.")
    pending: int = Field(ge=0, description="Open.")


class ByteFigures(Wire):
    """What was put out and kept, in bytes."""

    worker_bytes: int = Field(ge=0, description="Output of workers and of their commands.")
    check_bytes: int = Field(ge=0, description="Output of checks.")
    artifact_bytes: int = Field(ge=0, description="Files kept: prompts, patches, summaries, …")


class Figures(Wire):
    """All figures of one run or of several."""

    parse: ParseFigures = Field(description="Parsing.")
    adherence: AdherenceFigures = Field(description="Plan adherence.")
    tokens: TokenFigures = Field(description="Tokens.")
    budget: BudgetFigures = Field(description="Token ceilings.")
    hunks: HunkFigures = Field(description="Decisions on hunks.")
    checks: CheckFigures = Field(description="Checks.")
    waits: WaitFigures = Field(description="Waiting, interrupts, retries.")
    latency: LatencyFigures = Field(description="Durations.")
    approvals: tuple[ApprovalFigures, ...] = Field(description="By kind, only kinds asked.")
    deciders: dict[str, int] = Field(description="Answers by who gave them: a person or a flag.")
    doors: dict[str, int] = Field(description="Answers by the door they came through.")
    output: ByteFigures = Field(description="Bytes.")
    runs: dict[str, int] = Field(description="Runs by state.")
    tasks: dict[str, int] = Field(description="Tasks by state; open: not ended.")
    exit_codes: dict[str, int] = Field(description="Runs by the exit code they last ended with.")


class CostFigures(Wire):
    """What one task cost, or one phase of it; all its attempts together."""

    tokens: int = Field(ge=0, description="Of workers and manager, input plus output.")
    active_ms: int = Field(ge=0, description="Time at work; no waiting.")
    rounds: int = Field(ge=0, description="Rounds begun; one that began again counts once.")
    approvals: int = Field(ge=0, description="Questions that stood for it.")
    person_ms: int = Field(
        ge=0, description="Time in which one of those was open; two at once count once."
    )
    nearest: Ceiling | None = Field(
        description="The ceiling most used up of all that hold for it; null: none."
    )
    share: float | None = Field(description="Its used / its limit; may be above 1.")


class PhaseFigures(CostFigures):
    """One phase of one task."""

    phase: PhaseName = Field(description="Which.")


class TaskFigures(CostFigures):
    """One task, and what of it was of a phase."""

    task: str = Field(description="Task id.")
    title: str = Field(description="Its title.")
    state: Literal["open", "landed", "failed", "stopped"] = Field(
        description="How it ended; open: not ended."
    )
    phases: tuple[PhaseFigures, ...] = Field(
        description="Phases that began. Review, landing and checks outside of phases are the rest."
    )


class RunFigures(Wire):
    """One run."""

    id: str = Field(description="Run id.")
    goal: str = Field(description="The goal.")
    state: RunStateName = Field(description="By the journal alone: a dead one is still running.")
    started_at: int = Field(description="Unix ms.")
    ended_at: int | None = Field(description="Unix ms; null: not ended.")
    figures: Figures = Field(description="Its figures.")
    nearest: Ceiling | None = Field(
        default=None, description="The ceiling most used up, of run and tasks; null: none."
    )
    share: float | None = Field(default=None, description="Its used / its limit; may be above 1.")
    tasks: tuple[TaskFigures, ...] = Field(
        default=(), description="What each task cost, in the order of the plan."
    )


class DriftAlert(Wire):
    """The latest runs are worse than those before them."""

    figure: DriftFigure = Field(description="What got worse.")
    recent: float = Field(description="Its value over the latest runs.")
    earlier: float = Field(description="Its value over the runs before them.")
    recent_runs: tuple[str, ...] = Field(description="The latest runs, oldest first.")
    earlier_runs: int = Field(ge=0, description="How many runs before them.")
    message: str = Field(description="The same in a sentence.")


class AuditFigures(Wire):
    """Figures over one run, several or all."""

    events: int = Field(ge=0, description="Events of these runs.")
    first_at: int | None = Field(description="Unix ms of the first; null: none.")
    last_at: int | None = Field(description="Unix ms of the last; null: none.")
    total: Figures = Field(description="Over all these runs.")
    by_run: tuple[RunFigures, ...] = Field(description="Each run, oldest first.")
    drift: tuple[DriftAlert, ...] = Field(
        description="The latest of these runs against all runs before them."
    )


class AuditGetParams(Wire):
    """Figures over the journal."""

    run: str | None = Field(default=None, min_length=1, description="Only this run; null: all.")
