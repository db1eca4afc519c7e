"""A pretended engine: carries out what `next_steps` says by writing the events a real one would.

It stands in for workers, git and people, so that whole runs can be played in microseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal import steps as todo
from makeitso.journal.boundary import permissions_of, policy_of
from makeitso.journal.building import layers
from makeitso.journal.next import next_steps
from makeitso.journal.rules import Rules
from makeitso.journal.timers import wait_before
from makeitso.policy.answers import answered_by_yes, hunks_accepted_in_advance
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from collections.abc import Callable

    from journal.tape import Tape
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.plan import Plan

MAX_STEPS = 2_000
RULES = Rules(max_concurrency=5)


class Played:
    """One run, played to its end or until nobody answers.

    Args:
        tape: where it is written; the run is created.
        plan: what the manager or person wrote.
        rules: of the scheduler.
        apart: tasks pass boundaries one by one, every question answered as soon as it stands;
            else as many steps as possible happen before anybody answers.
        bootstrap_effects: set-up commands are declared.
        answer: a person; None leaves the question open.
        stale: what the person says about a task whose ground has gone.
    """

    def __init__(
        self,
        tape: Tape,
        plan: Plan,
        *,
        rules: Rules = RULES,
        apart: bool = False,
        bootstrap_effects: bool = False,
        answer: Callable[[Approval], bool | None] = lambda approval: True,
        stale: Callable[[], str] = lambda: "redo",
    ) -> None:
        self.tape, self.plan, self.rules, self.apart = tape, plan, rules, apart
        self.bootstrap_effects, self.answer, self.stale = bootstrap_effects, answer, stale
        self.order: list[todo.Step] = []

    def play(self) -> Played:
        for _ in range(MAX_STEPS):
            steps = next_steps(self.tape.state, self.rules)
            if self.apart and self._answer():
                continue
            if steps:
                for step in steps[-1:] if self.apart else steps:
                    self.order.append(step)
                    self._carry(step)
            elif not self._answer():
                return self
        raise AssertionError("a run that never ends")

    @property
    def questions(self) -> list[str]:
        """What people were asked, as `kind` or `kind phase: tasks`, in order."""
        said: list[str] = []
        for event in self.tape.events:
            if isinstance(event.data, ev.ApprovalAsked):
                asked = event.data
                words = [asked.kind, asked.enters or "", *asked.tasks]
                said.append(" ".join(word for word in words if word))
        return said

    def _answer(self) -> bool:
        for approval in self.tape.state.pending:
            grant = self.answer(approval)
            if grant is not None:
                self.tape.decide(approval.id, grant=grant)
                return True
        return False

    def _ask(self, *args: str, **fields: str) -> None:
        name = self.tape.ask(*args, **fields)  # pyright: ignore[reportArgumentType]
        if answered_by_yes(args[0], self.tape.state.options):  # pyright: ignore[reportArgumentType]
            self.tape.decide(name)

    def _carry(self, step: todo.Step) -> None:
        tape, run = self.tape, self.tape.state
        match step:
            case todo.MakePlan():
                tape.planned(self.plan, granted=False)
            case todo.AskPlan():
                self._ask("plan", digest=run.plan_digest)
            case todo.AskPhase(tasks=tasks, phase=phase):
                self._ask("phase", *tasks, digest=f"{phase} {tasks}", enters=phase)
            case todo.RunPhase(task=task, phase="bootstrap"):
                if not run.tasks[task].started:
                    self._start(task)
                tape.phase(task, "bootstrap", effects=self.bootstrap_effects)
                tape.worktree(task)
            case todo.RunPhase(task=task, phase="task"):
                again = f"-{run.tasks[task].attempt}" if run.tasks[task].attempt > 1 else ""
                tape.propose(task, f"{task}-h1{again}", f"{task}-h2{again}")
                tape.phase(task, "task")
            case todo.RunPhase(task=task, phase=phase):
                if phase == "verify":
                    tape.check(task, "proposal")
                tape.phase(task, phase, effects=False)
            case todo.Wait(task=task):
                self._wait(task)
            case todo.OpenReview(task=task):
                self._open_review(task)
            case todo.AskReview(task=task):
                self._ask_review(task)
            case todo.TakeAnswer(task=task):
                self._take(task)
            case todo.CloseReview(task=task):
                for approval in run.pending:
                    if approval.kind == "change" and task in approval.tasks:
                        tape.add(ev.ApprovalVoided(id=approval.id, reason="decided"), task)
            case todo.Land(task=task):
                hunks = run.tasks[task].hunks
                tape.land(task, *(h for h, state in hunks.items() if state == "accepted"))
            case todo.CheckLanded(task=task):
                for check in run.tasks[task].spec.checks:
                    tape.check(task, "landed", command=check.command)
            case todo.Cleanup(task=task):
                tape.add(ev.WorktreeRemoved(path=f"/trees/{task}"), task)
            case todo.MarkStale(task=task, reason=reason):
                self._mark_stale(task, reason)
            case todo.AskStale(task=task):
                self._ask("question", task, digest=run.tasks[task].stale_question)
            case todo.TakeStale(task=task):
                self._take_stale(task)
            case todo.EndTask(task=task, state=state, reason=reason):
                tape.add(ev.TaskEnded(state=state, reason=reason), task)
            case todo.Finish(state=state, reason=reason):
                tape.add(ev.RunFinished(state=state, reason=reason))
            case todo.Undo() | todo.WantCheck() | todo.CheckAccepted():
                raise AssertionError(f"nobody here asks for {step}")

    def _wait(self, task: str) -> None:
        state = self.tape.state.tasks[task]
        wanted = wait_before(state, self.rules)
        if state.wait is not None:
            self.tape.add(ev.WaitEnded(wait=state.wait.id, reason="elapsed"), task)
        elif wanted is not None:
            self.tape.wait(task, wanted)

    def _start(self, task: str) -> None:
        run = self.tape.state
        on = layers(run, run.tasks[task])
        base = ev.SnapshotTaken(name="base", tree="t0", commit="c0", ref="r", on=on)
        self.tape.add(base, task)

    def _mark_stale(self, task: str, reason: str) -> None:
        run = self.tape.state
        for approval in run.pending:
            if approval.tasks == (task,):
                self.tape.add(ev.ApprovalVoided(id=approval.id, reason="stale"), task)
        question = f"stale {task} {run.tasks[task].stale_times}"
        self.tape.add(ev.TaskStale(reason=reason, question=question if reason else ""), task)

    def _take_stale(self, task: str) -> None:
        run, choice = self.tape.state, self.stale()
        before = run.tasks[task]
        answered = [a for a in run.approvals.values() if a.digest == before.stale_question][-1]
        if choice == "drop" or answered.state == "denied":
            self.tape.add(ev.StopRequested(reason="dropped"), task)
        else:
            if before.worktree is not None:
                self.tape.add(ev.WorktreeRemoved(path=before.worktree), task)
            base = ev.SnapshotTaken(
                name="base", tree="t2", commit="c2", ref="r", on=layers(run, before)
            )
            kept = {"base": base, "change": before.change} if choice == "keep" else {}
            data = ev.TaskTakenUp.model_validate({"how": choice, "reason": before.stale, **kept})
            self.tape.add(data, task)
        self.tape.add(ev.ApprovalUsed(id=answered.id), task)

    def _open_review(self, task: str) -> None:
        self.tape.add(ev.TaskReviewing(), task)
        run = self.tape.state
        change = run.tasks[task].change
        assert change is not None
        _, ids = hunks_accepted_in_advance(
            change.hunks,
            held=change.held,
            options=run.options,
            write_files=permissions_of(run, run.tasks[task]).write_files,
            policy=policy_of(run, run.tasks[task], "summarize"),
        )
        if ids:
            self.tape.add(ev.HunkMarked(hunks=ids, mark="accepted"), task, actor="policy")
        self._ask_review(task)

    def _ask_review(self, task: str) -> None:
        state = self.tape.state.tasks[task]
        assert state.change is not None
        if {"pending", "conflict"} & set(state.hunks.values()):
            self._ask("change", task, digest=state.change.digest)

    def _take(self, task: str) -> None:
        run = self.tape.state
        for approval in run.approvals.values():
            mine = approval.kind == "change" and task in approval.tasks
            if not mine or (approval.id, task) in run.used or approval.state == "pending":
                continue
            left = [h for h, s in run.tasks[task].hunks.items() if s in ("pending", "conflict")]
            self.tape.add(ev.ApprovalUsed(id=approval.id), task)
            self.tape.mark(
                task, *left, to="accepted" if approval.state == "granted" else "rejected"
            )
