"""What figures need to know of one run, event by event; little is kept once the run is over."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from makeitso.journal.costtally import CostTally
from makeitso.journal.tasktally import TaskTally
from makeitso.journal.waiting import Waiting
from makeitso.journal.waittally import WaitTally
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from collections.abc import Collection

    from makeitso.journal.tasktally import Covers, HunkMark
    from makeitso.protocol.events import Event
    from makeitso.protocol.words import ApprovalKind, RunStateName

SpanName = Literal["turn", "plan", "judge", "check", "first_change", "answer"]
_EXIT = {"done": 0, "failed": 1, "stopped": 1}


class RunTally:
    """Counts of one run. Feed it every event of the run, in order.

    Args:
        created: how the run began.
        event: the event of that.
        covers: whether a glob matches a path.
        together: where its open questions count, too: that of all runs looked at.
    """

    def __init__(
        self, created: ev.RunCreated, event: Event, *, covers: Covers, together: Waiting
    ) -> None:
        self.id = event.run or ""
        self.goal = created.goal
        self.started_at = event.at
        self.last_at = event.at
        self.ended_at: int | None = None
        self.state: RunStateName = "running"
        self.exit_code: int | None = None
        self.events = 0
        self.approvals = Counter[tuple["ApprovalKind", str]]()
        self.deciders = Counter[str]()
        self.doors = Counter[str]()
        self.waiting = Waiting()
        self.spans: dict[SpanName, list[int]] = {
            "turn": [], "plan": [], "judge": [], "check": [], "first_change": [], "answer": [],
        }  # fmt: skip
        self._covers, self._together = covers, together
        self._counts = Counter[str]()
        self._open: dict[str, tuple[ApprovalKind, int]] = {}
        self._tasks: dict[str, TaskTally] = {}
        self._waits = WaitTally()
        self._landed: set[str] = set()
        self._asked_at: dict[str, int] = {}
        self._managed = created.options.manager.kind != "none"  # else no model is asked
        self.costs = CostTally(event)

    def add(self, event: Event) -> None:
        """Take one event."""
        self.events += 1
        self.last_at = event.at
        self._life(event)
        self._plan(event)
        self._question(event)
        self._work(event)
        self.costs.take(event)
        self._waits.take(event, self._counts)
        task = self._tasks.get(event.task) if event.task is not None else None
        if task is not None:
            self._task(task, event)

    @property
    def open_by_kind(self) -> Counter[ApprovalKind]:
        """Questions that stand."""
        return Counter(kind for kind, _ in self._open.values())

    @property
    def tasks(self) -> Collection[TaskTally]:
        """Its tasks, in the order of the plan; those that left it last."""
        return self._tasks.values()

    def counts(self) -> Counter[str]:
        """All counts so far, those of tasks under way among them."""
        found = self._counts.copy()
        for task in self._tasks.values():
            found.update(task.counts(self._covers))
        self.costs.into(found, tasks=self._tasks)
        return found

    def _life(self, event: Event) -> None:
        match event.data:
            case ev.RunResumed():
                self.state, self.ended_at = "running", None
                self._counts["wait.resumes"] += 1
            case ev.StopRequested():
                self._counts["wait.stops"] += 1
            case ev.RunPaused(state=state, exit_code=code):
                self.state, self.exit_code = state, code
            case ev.RunFinished(state=state):
                self.state, self.exit_code, self.ended_at = state, _EXIT[state], event.at
                self._over(event.at)
            case _:
                pass

    def _over(self, at: int) -> None:
        """Nothing is asked in a run that is over; its tasks stay, for one may be taken up again."""
        for question in list(self._open):
            self._close(question, "void", at)

    def _plan(self, event: Event) -> None:
        if not isinstance(event.data, ev.PlanMade):
            return
        made = event.data
        if made.attempts:
            self._counts["wait.retries"] += made.attempts - 1
            if not self.spans["plan"]:
                self._span("plan", self.started_at, event.at)
        known, self._tasks = self._tasks, {}
        self._landed |= {task.id for task in made.plan.tasks if task.done}
        for spec in made.plan.tasks:
            task = known.pop(spec.id, None)
            if task is None and spec.done:
                continue  # ended in an earlier run
            self._tasks[spec.id] = task or TaskTally(spec=spec)
            self._tasks[spec.id].spec = spec
        self._tasks.update({name: task for name, task in known.items() if task.begun})

    def _question(self, event: Event) -> None:
        match event.data:
            case ev.ApprovalAsked(id=question, kind=kind) if question not in self._open:
                self._open[question] = (kind, event.at)
                self.approvals[kind, "asked"] += 1
                self.waiting.asked(question, event.at)
                self._together.asked(question, event.at)
            case ev.ApprovalDecided(id=question, grant=grant, who=who):
                if question in self._open:
                    asked_at = self._open[question][1]
                    self._close(question, "granted" if grant else "denied", event.at)
                    self.deciders[who] += 1
                    self.doors[event.client or "none"] += 1
                    if event.actor == "person":
                        self._span("answer", asked_at, event.at)
            case ev.ApprovalVoided(id=question):
                self._close(question, "void", event.at)
            case _:
                pass

    def _close(self, question: str, outcome: str, at: int) -> None:
        found = self._open.pop(question, None)
        if found is not None:
            self.approvals[found[0], outcome] += 1
            self.waiting.closed(question, at)
            self._together.closed(question, at)

    def _work(self, event: Event) -> None:
        match event.data:
            case ev.TimeCounted(run_ms=run_ms):
                self._counts["time.worked"] += run_ms
            case ev.UsageCounted(source=source) as usage:
                self._counts[f"tokens.{source}_input"] += usage.input_tokens
                self._counts[f"tokens.{source}_output"] += usage.output_tokens
            case ev.RecordFound() | ev.MissFound() | ev.OutputParsed():
                self._parsed(event.data)
            case ev.CheckRan() as check:
                self._checked(check)
            case ev.TurnEnded(status=status, outputs=outputs):
                self._counts[f"turn.{status}"] += 1
                self._counts["bytes.worker"] += sum(ref.length_bytes for ref in outputs)
            case ev.ManagerAsked() | ev.ManagerJudged():
                self._asked(event)
            case ev.MonitorInterrupted(who="manager"):
                self._counts["wait.manager_interrupts"] += 1
            case ev.ArtifactCaptured(size_bytes=size):
                self._counts["bytes.artifacts"] += size
            case ev.ChangeProposed() if not self.spans["first_change"]:
                self._span("first_change", self.started_at, event.at)
            case _:
                pass

    def _asked(self, event: Event) -> None:
        match event.data:
            case ev.ManagerAsked(intent="EVAL") if self._managed:
                self._asked_at[event.task or ""] = event.at
            case ev.ManagerJudged():
                asked_at = self._asked_at.pop(event.task or "", None)
                if asked_at is not None:
                    self._span("judge", asked_at, event.at)
            case _:
                pass

    def _parsed(self, found: ev.RecordFound | ev.MissFound | ev.OutputParsed) -> None:
        match found:
            case ev.RecordFound(record=record) if record.channel in ("stdout", "stderr"):
                self._counts["parse.records"] += 1
            case ev.RecordFound(record=record):
                self._counts["parse.frames"] += record.intent == "frame"
            case ev.MissFound(miss=miss) if miss.channel in ("stdout", "stderr"):
                self._counts["parse.misses"] += miss.count
            case ev.MissFound(miss=miss):
                self._counts["parse.frame_faults"] += miss.count
            case ev.OutputParsed() as read if read.channel in ("stdout", "stderr"):
                self._counts["parse.records"] += read.unlisted_records
                self._counts["parse.misses"] += read.unlisted_misses
                self._counts["parse.lines"] += read.lines
                self._counts["parse.explained_lines"] += read.explained_lines
                self._counts["parse.size"] += read.size_bytes
                self._counts["parse.explained"] += read.explained_bytes
            case ev.OutputParsed() as read:
                self._counts["parse.frames"] += read.unlisted_records
                self._counts["parse.frame_faults"] += read.unlisted_misses

    def _checked(self, check: ev.CheckRan) -> None:
        if check.reused:
            self._counts["check.reused"] += 1
            return
        if check.cut:
            return  # it said nothing
        self._counts["check.passed" if check.passed else "check.failed"] += 1
        self._counts["check.timed_out"] += check.timed_out
        self._counts["bytes.checks"] += check.output.length_bytes if check.output else 0
        self.spans["check"].append(check.duration_ms)

    def _task(self, task: TaskTally, event: Event) -> None:
        match event.data:
            case ev.TurnStarted(round=number):
                self._counts["wait.retries"] += number <= task.round
                task.round, task.turn_at = max(task.round, number), event.at
            case ev.TurnEnded() if task.turn_at is not None:
                self._span("turn", task.turn_at, event.at)
                task.turn_at = None
            case ev.UsageCounted() as usage:
                task.tokens += usage.input_tokens + usage.output_tokens
            case ev.CheckRan() as check:
                task.prove(check)
            case ev.TaskTakenUp():
                task.state = "open"
            case ev.TaskEnded(state=state):
                task.state, task.in_order = state, self._landed.issuperset(task.spec.after)
                if state == "landed":
                    self._landed.add(task.spec.id)
            case _:
                _hunks(task, event)

    def _span(self, name: SpanName, begin: int, end: int) -> None:
        self.spans[name].append(max(0, end - begin))


def _hunks(task: TaskTally, event: Event) -> None:
    match event.data:
        case ev.ChangeProposed() as change:
            task.propose(change)
        case ev.HunkSplit(hunk=hunk, parts=parts):
            task.split(hunk, parts)
        case ev.HunkMarked(hunks=hunks, mark=mark):
            _mark(task, hunks, mark)
        case ev.LandingEnded(landing=landing, error=error):
            if not error:
                _mark(task, landing.landed, "landed")
            _mark(task, landing.conflicts, "conflict")
        case ev.LandingUndone(hunks=hunks):
            task.reopen(hunks)
        case _:
            pass


def _mark(task: TaskTally, hunks: tuple[str, ...], state: HunkMark) -> None:
    for hunk in hunks:
        task.mark(hunk, state)


def tokens_of(counts: Counter[str]) -> int:
    """Tokens of all sources, input plus output."""
    return sum(n for name, n in counts.items() if name.startswith("tokens."))


def ended_tasks(counts: Counter[str]) -> int:
    """Tasks that are over, however they ended."""
    return counts["task.landed"] + counts["task.failed"] + counts["task.stopped"]
