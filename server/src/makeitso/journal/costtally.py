"""What each task of a run cost and each phase of it, and how near their ceilings they came.

Ceilings are those of the fold, which also holds runs to them: what a raise adds is reckoned in one
place. Of it only what they need is fed, so that little is kept of a long run.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.journal.ceilings import all_ceilings, ceilings, nearest
from makeitso.journal.fold import apply
from makeitso.journal.spending import spend
from makeitso.journal.view import lowest
from makeitso.journal.waiting import Waiting
from makeitso.protocol import events as ev
from makeitso.protocol.words import PHASES

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from makeitso.journal.state import RunState
    from makeitso.protocol.budget import Ceiling
    from makeitso.protocol.events import Event
    from makeitso.protocol.words import PhaseName

    Place = tuple[str, PhaseName | None]
    """A task, or a phase of it."""


@dataclass(kw_only=True)
class Spent:
    """What one place cost."""

    tokens: int = 0
    active_ms: int = 0
    rounds: int = 0
    approvals: int = 0
    waiting: Waiting = field(default_factory=Waiting)


class CostTally:
    """Costs of one run. Feed it every event of the run, the one that created it first."""

    def __init__(self, event: Event) -> None:
        runs: dict[str, RunState] = {}
        apply(runs, event)
        self._runs, self._id = runs, event.run or ""
        self._spent = defaultdict["Place", Spent](Spent)
        self._standing: dict[str, set[Place]] = {}
        """Of open questions, whom they keep waiting."""
        self._raised = 0

    @property
    def _run(self) -> RunState:
        return self._runs[self._id]

    def take(self, event: Event) -> None:
        """Take one event."""
        match event.data:
            case ev.ApprovalAsked() as asked:
                self._asked(asked, event)
            case ev.ApprovalDecided(id=question, grant=grant):
                found = self._run.approvals.get(question)
                self._raised += grant and found is not None and found.state == "pending"
                apply(self._runs, event)
                self._closed(question, event.at)
            case ev.ApprovalVoided(id=question):
                apply(self._runs, event)
                self._closed(question, event.at)
            case ev.RunFinished():
                for question in list(self._standing):
                    self._closed(question, event.at)
            case ev.UsageCounted() | ev.TimeCounted():
                self._count(event)
                spend(self._run, event)  # all that the fold makes of it, and most of what is fed
            case ev.TurnStarted() | ev.PhaseStarted():
                self._count(event)
                apply(self._runs, event)
            case ev.PlanMade() | ev.PhaseEnded() | ev.TaskStarted() | ev.TaskTakenUp():
                apply(self._runs, event)
            case _:
                pass

    def spent(self, task: str, phase: PhaseName | None = None) -> Spent:
        """What a task cost, or a phase of it."""
        return self._spent.get((task, phase), Spent())

    def phases(self, task: str) -> list[PhaseName]:
        """Phases of a task that began, in order."""
        return [phase for phase in PHASES if (task, phase) in self._spent]

    def nearest(self, task: str | None = None, phase: PhaseName | None = None) -> Ceiling | None:
        """The ceiling most used up of all that hold for a phase, a task with its phases, or all."""
        if task is None:
            return nearest(all_ceilings(self._run))
        if phase is not None:
            return nearest(ceilings(self._run, task=task, phase=phase))
        return nearest(c for p in PHASES for c in ceilings(self._run, task=task, phase=p))

    def into(self, counts: Counter[str], *, tasks: Iterable[str]) -> None:
        """Add what became of the ceilings of the run and of these tasks to its counts."""
        run, whole = self._run, ceilings(self._run)
        counts["budget.raised"] = self._raised
        if ceiling := lowest(whole, "tokens"):
            counts["budget.used"] = run.tokens
            counts["budget.ceiling"] = ceiling
            counts["budget.overrun"] = max(0, run.tokens - ceiling)
            counts["budget.runs_over"] = int(run.tokens > ceiling)
        if ceiling := lowest(whole, "time"):
            counts["budget.timed"] = run.active_ms
            counts["budget.ceiling_ms"] = ceiling
        counts["budget.tasks_over"] = sum(
            any(
                (c.scope, c.measure) == ("task", "tokens") and c.used > c.limit
                for c in ceilings(run, task=task)
            )
            for task in tasks
        )

    def _count(self, event: Event) -> None:
        task = self._run.tasks.get(event.task) if event.task is not None else None
        if task is None:
            return
        places: set[Place] = {(task.id, None), (task.id, event.phase)}
        for spent in (self._spent[place] for place in places):
            match event.data:
                case ev.UsageCounted(input_tokens=given, output_tokens=made):
                    spent.tokens += given + made
                case ev.TimeCounted(active_ms=active_ms):
                    spent.active_ms += active_ms
                case ev.TurnStarted(round=number):
                    spent.rounds += number > task.rounds  # else it began before a crash or failure
                case _:
                    pass

    def _asked(self, asked: ev.ApprovalAsked, event: Event) -> None:
        """Put a question, or let another task wait for the same one."""
        if asked.kind == "budget":
            # Without what is shown with it, which may be long.
            bare = asked.model_copy(update={"subject": "", "detail": ""})
            apply(self._runs, event.model_copy(update={"data": bare}))
        waits = self._standing.setdefault(asked.id, set())
        for task in asked.tasks:
            if (task, None) in waits:
                continue  # and what phase it has got to since changes nothing
            places: set[Place] = {(task, None), (task, self._phase_of(task, asked))}
            for place in places:
                self._spent[place].approvals += 1
                self._spent[place].waiting.asked(asked.id, event.at)
            waits |= places

    def _phase_of(self, task: str, asked: ev.ApprovalAsked) -> PhaseName | None:
        """The phase to be entered, or the one that is under way; None: it is in review."""
        state = self._run.tasks.get(task)
        if asked.enters is not None or state is None:
            return asked.enters
        return next((name for name, p in state.phases.items() if p.state == "running"), None)

    def _closed(self, question: str, at: int) -> None:
        for place in self._standing.pop(question, ()):
            self._spent[place].waiting.closed(question, at)
