"""Events as a run would write them, without a run: a tape numbers and dates what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.fold import fold_all
from makeitso.protocol import events as ev
from makeitso.protocol.plan import Check, NoManager, Phase, Plan, Policies, RunOptions, Task
from makeitso.protocol.wait import Pace, WaitFor

if TYPE_CHECKING:
    from makeitso.journal.state import RunState
    from makeitso.protocol.budget import Ceiling
    from makeitso.protocol.change import Landing
    from makeitso.protocol.events import Event, EventData
    from makeitso.protocol.wait import WaitBy
    from makeitso.protocol.words import (
        Actor,
        ApprovalKind,
        ApprovalPolicy,
        ApprovalScope,
        PhaseName,
    )

__all__ = ["Check", "Phase", "Plan", "Policies", "Tape", "options", "plan_of", "task_of"]

RUN = "r20261122-1"
ASK = ev.PoliciesInForce(write_files="ask", run_shell="ask", network="ask")


def options(policy: ApprovalPolicy = "confirm-phase", **over: object) -> RunOptions:
    made = RunOptions(manager=NoManager(kind="none"), policy=policy, max_concurrency=5)
    return RunOptions.model_validate({**made.model_dump(), **over})


def task_of(name: str, **over: object) -> Task:
    fields = {"id": name, "title": f"do {name}", "checks": [{"command": f"check {name}"}]}
    return Task.model_validate({**fields, **over})


def plan_of(*tasks: Task | str, **over: object) -> Plan:
    made = [task if isinstance(task, Task) else task_of(task) for task in tasks]
    return Plan(id="p", title="t", goal="g", tasks=tuple(made)).model_copy(update=over)


class Tape:
    """Events of one run, in order; `state` is what they come to."""

    def __init__(self, *, run: str = RUN) -> None:
        self.run = run
        self.events: list[Event] = []
        self.asked = 0

    def add(
        self,
        data: EventData,
        task: str | None = None,
        phase: PhaseName | None = None,
        *,
        actor: Actor = "engine",
    ) -> Event:
        number = len(self.events) + 1
        event = ev.Event(
            seq=number, at=1_000 * number, run=self.run, task=task, phase=phase, actor=actor,
            client="test", data=data, prev="", hash="",
        )  # fmt: skip
        self.events.append(event)
        return event

    @property
    def state(self) -> RunState:
        return fold_all(self.events)[self.run]

    def created(
        self, how: RunOptions | None = None, policies: ev.PoliciesInForce = ASK, **over: object
    ) -> Tape:
        data = ev.RunCreated(
            goal="g",
            plan="p.plan.md",
            options=how or options(**over),  # pyright: ignore[reportArgumentType]
            policies=policies,
            config_digest="",
            version="0",
        )
        self.add(data, actor="person")
        return self

    def planned(self, plan: Plan, digest: str = "plan-1", *, granted: bool = True) -> Tape:
        texts = {task.id: f"{digest}/{task.id}" for task in plan.tasks}
        self.add(ev.PlanMade(path="p.plan.md", plan=plan, digest=digest, task_digests=texts))
        if granted:
            self.decide(self.ask("plan", digest=digest))
        return self

    def ask(
        self,
        kind: ApprovalKind,
        *tasks: str,
        digest: str = "d",
        enters: PhaseName | None = None,
        name: str | None = None,
    ) -> str:
        self.asked += 1
        name = name or f"a{self.asked}"
        data = ev.ApprovalAsked(
            id=name, kind=kind, tasks=tasks, enters=enters, subject=kind, digest=digest
        )
        self.add(data, tasks[0] if len(tasks) == 1 else None, enters)
        return name

    def decide(
        self,
        name: str,
        *,
        grant: bool = True,
        scope: ApprovalScope = "once",
        because: str = "",
        extend: int = 0,
    ) -> None:
        data = ev.ApprovalDecided(
            id=name, grant=grant, scope=scope, because=because, extend=extend, who="ada"
        )
        self.add(data, actor="person")

    def wait(self, task: str, wanted: WaitFor, by: WaitBy = "plan", **over: object) -> int:
        """A wait begins; its number."""
        pace = Pace(strategy="fixed", base_s=30, max_s=900)
        began = ev.WaitStarted(by=by, wait=wanted, because="for it", until=0, pace=pace)
        return self.add(began.model_copy(update=over), task).seq

    def spend(self, tokens: int, task: str | None = None, phase: PhaseName | None = None) -> None:
        source = "worker" if task else "manager"
        self.add(ev.UsageCounted(source=source, input_tokens=tokens, output_tokens=0), task, phase)

    def work(
        self,
        ms: int,
        task: str | None = None,
        phase: PhaseName | None = None,
        *,
        of_run: int | None = None,
    ) -> None:
        run_ms = ms if of_run is None else of_run
        self.add(ev.TimeCounted(active_ms=ms, run_ms=run_ms), task, phase)

    def ask_budget(self, ceiling: Ceiling) -> str:
        name = self.ask("budget", *filter(None, [ceiling.task]), digest=str(ceiling.limit))
        asked = self.events[-1]
        data = asked.data.model_copy(update={"ceiling": ceiling})
        self.events[-1] = asked.model_copy(update={"data": data})
        return name

    def phase(
        self,
        task: str,
        name: PhaseName,
        state: str | None = "passed",
        *,
        effects: bool = True,
        reason: str = "",
    ) -> None:
        """A phase that runs, and unless `state` is None comes to its end."""
        if not self.state.tasks[task].started:
            self.add(ev.TaskStarted(), task)
        self.add(ev.PhaseStarted(), task, name)
        if state is not None:
            fields = {"state": state, "effects": effects, "reason": reason}
            self.add(ev.PhaseEnded.model_validate(fields), task, name)

    def worktree(self, task: str) -> None:
        self.add(ev.WorktreeCreated(path=f"/trees/{task}", commit="c"), task, "bootstrap")

    def propose(self, task: str, *hunks: str | ev.HunkRef, held: bool = False) -> None:
        refs = [h if isinstance(h, ev.HunkRef) else ev.HunkRef(id=h, path="a.py") for h in hunks]
        data = ev.ChangeProposed(
            base_tree="t0", tree="t1", commit="c1", files=1, hunks=tuple(refs), held=held,
            digest=" ".join([task, *(ref.id for ref in refs)]),
        )  # fmt: skip
        self.add(data, task, "task")

    def mark(self, task: str, *hunks: str, to: str = "accepted", because: str = "") -> None:
        fields = {"hunks": hunks, "mark": to, "because": because}
        self.add(ev.HunkMarked.model_validate(fields), task, actor="person")

    def check(self, task: str, where: str, *, code: int | None = 0, command: str = "") -> None:
        data = ev.CheckRan(
            command=command or f"check {task}", where=where, tree="t1",  # pyright: ignore[reportArgumentType]
            exit_code=code, duration_ms=1, sandboxed=True,
        )  # fmt: skip
        self.add(data, task)

    def land(
        self, task: str, *landed: str, conflicts: tuple[str, ...] = (), error: str = ""
    ) -> None:
        number = sum(isinstance(e.data, ev.LandingStarted) for e in self.events) + 1
        self.add(ev.LandingStarted(id=f"l{number}", hunks=landed, files=("a.py",)), task)
        self.add(ev.LandingEnded(landing=landing(task, landed, conflicts), error=error), task)

    def reviewing(self, task: str, *hunks: str | ev.HunkRef, held: bool = False) -> None:
        """A task whose phases are all passed, with a worktree and these hunks to be marked."""
        self.worktree(task)
        self.phase(task, "bootstrap", effects=False)
        self.propose(task, *hunks, held=held)
        self.phase(task, "task")
        self.phase(task, "verify", effects=False)
        self.phase(task, "summarize", effects=False)
        self.add(ev.TaskReviewing(), task)


def landing(task: str, landed: tuple[str, ...], conflicts: tuple[str, ...] = ()) -> Landing:
    from makeitso.protocol.change import Landing

    return Landing(
        id="l", run=RUN, task=task, landed=landed, conflicts=conflicts, files=("a.py",),
        merged=False, target="files",
    )  # fmt: skip
