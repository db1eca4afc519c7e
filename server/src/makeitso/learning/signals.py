"""What a run says about the prompts it was led by: judgements, FIX rounds, rejections, comments.

A pure fold over its events. A signal names the prompt that a better text might have spared it for;
it proves nothing about that prompt, and what it quotes is data: a worker, a model or a person
wrote it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from collections.abc import Iterable

SignalKind = Literal[
    "fix", "red-check", "rejected", "comment", "sent-back", "missed", "plan-edited", "plan-tries",
    "interrupted", "gave-up",
]  # fmt: skip
"""fix: the manager sent work back; red-check: a check did not pass after a round; rejected: a
person rejected hunks; comment: a person said something to a change; sent-back: a person sent it
back; missed: the manager called done what a person then rejected or sent back; plan-edited: a
person changed the manager's plan before it ran; plan-tries: its plan took more than one answer;
interrupted: the monitor ended a turn; gave-up: the task failed."""
PROMPT_OF: dict[SignalKind, str] = {
    "fix": "worker-exec",
    "red-check": "worker-exec",
    "rejected": "worker-exec",
    "comment": "worker-exec",
    "sent-back": "worker-exec",
    "missed": "manager-judge",
    "plan-edited": "manager-plan",
    "plan-tries": "manager-plan",
    "interrupted": "worker-exec",
    "gave-up": "worker-fix",
}
"""The prompt that is looked at first for a kind of signal."""
MAX_TEXT = 2_000
"""Characters of one signal's text at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing that went another way than it should have.

    Attributes:
        kind: what.
        prompt: name of the prompt it may be for.
        task: task id; empty: the whole run.
        text: what was said of it, cut; empty: nothing was.
        count: how often, where the same was said again.
    """

    kind: SignalKind
    prompt: str
    task: str
    text: str
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSignals:
    """The signals of one run, with what they are out of.

    Attributes:
        run: run id; empty: no run.
        signals: in the order they came up first.
        tasks: tasks begun.
        turns: turns of workers.
        hunks: hunks of the last proposals.
        rejected: hunks that a person rejected, in these and in proposals that were sent back.
    """

    run: str
    signals: tuple[Signal, ...]
    tasks: int
    turns: int
    hunks: int
    rejected: int

    def of(self, prompt: str) -> tuple[Signal, ...]:
        """Those for one prompt."""
        return tuple(one for one in self.signals if one.prompt == prompt)


@dataclass(kw_only=True)
class _Task:
    turns: int = 0
    hunks: tuple[str, ...] = ()
    marks: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """What a person said of a hunk last: the mark and why."""
    called_done: bool = False


class _Fold:
    def __init__(self) -> None:
        self.run = ""
        self.tasks: defaultdict[str, _Task] = defaultdict(_Task)
        self.counts: dict[Signal, int] = {}
        self.comments: dict[str, tuple[str, str]] = {}
        self.drafted = ""
        self.rejected = 0

    def add(self, kind: SignalKind, text: str, *, task: str = "") -> None:
        one = Signal(kind=kind, prompt=PROMPT_OF[kind], task=task, text=text.strip()[:MAX_TEXT])
        self.counts[one] = self.counts.get(one, 0) + 1

    def take(self, event: ev.Event) -> None:
        match event.data:
            case ev.RunCreated():
                self.run = event.run or ""
            case ev.PlanMade() as made:
                self._plan(made)
            case _ if event.task is not None:
                self._task(event, event.task)
            case _:
                pass

    def _plan(self, made: ev.PlanMade) -> None:
        if made.attempts > 1:
            self.add("plan-tries", f"{made.attempts} answers were needed")
        if made.attempts:
            self.drafted = made.digest
        elif self.drafted and made.digest != self.drafted:
            self.add("plan-edited", made.plan.goal)
            self.drafted = ""

    def _task(self, event: ev.Event, name: str) -> None:
        task = self.tasks[name]
        match event.data:
            case ev.TurnStarted():
                task.turns += 1
            case ev.ManagerJudged(verdict=verdict) as judged:
                task.called_done = verdict == "done"
                if verdict == "continue":
                    self.add("fix", judged.instructions or judged.note, task=name)
            case ev.CheckRan(where="round") as check if not (check.passed or check.cut):
                self.add("red-check", check.command, task=name)
            case ev.MonitorInterrupted(who="worker") as alarm:
                self.add("interrupted", f"{alarm.cause}: {alarm.detail}", task=name)
            case ev.ChangeProposed(hunks=hunks):
                task.hunks = tuple(hunk.id for hunk in hunks)
            case ev.HunkMarked(hunks=hunks) as marked if event.actor == "person":
                task.marks.update(dict.fromkeys(hunks, (marked.mark, marked.because)))
            case ev.CommentAdded(text=text):
                self.comments[f"c{event.seq}"] = (name, text)
            case ev.CommentWithdrawn(id=gone):
                self.comments.pop(gone, None)
            case ev.TaskSentBack() as back:
                self.add("sent-back", back.instructions, task=name)
                self._rejected(task, name)
                self._missed(task, name)
            case ev.TaskEnded(state="failed", reason=reason):
                self.add("gave-up", reason, task=name)
            case _:
                pass

    def _missed(self, task: _Task, name: str) -> None:
        if task.called_done:
            self.add("missed", "", task=name)
            task.called_done = False

    def _rejected(self, task: _Task, name: str) -> bool:
        """Count what of the proposal stands rejected; whether anything does."""
        reasons = [
            because
            for hunk, (mark, because) in task.marks.items()
            if mark == "rejected" and hunk in task.hunks
        ]
        task.marks.clear()
        self.rejected += len(reasons)
        for because in reasons:
            self.add("rejected", because, task=name)
        return bool(reasons)

    def end(self) -> RunSignals:
        for name, task in self.tasks.items():
            if self._rejected(task, name):
                self._missed(task, name)
        for name, text in self.comments.values():
            self.add("comment", text, task=name)
        return RunSignals(
            run=self.run,
            signals=tuple(
                Signal(kind=one.kind, prompt=one.prompt, task=one.task, text=one.text, count=count)
                for one, count in self.counts.items()
            ),
            tasks=len(self.tasks),
            turns=sum(task.turns for task in self.tasks.values()),
            hunks=sum(len(task.hunks) for task in self.tasks.values()),
            rejected=self.rejected,
        )


def signals(events: Iterable[ev.Event]) -> RunSignals:
    """The signals of one run.

    Args:
        events: its events, in order; of other runs none.
    """
    fold = _Fold()
    for event in events:
        fold.take(event)
    return fold.end()
