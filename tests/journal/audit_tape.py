"""Events with an hour of their own, for figures: a line says when, in which run, and what."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from makeitso.protocol import events as ev
from makeitso.protocol.change import Landing
from makeitso.protocol.plan import Check, NoManager, Plan, RunOptions, Task
from makeitso.protocol.record import Miss, Record

if TYPE_CHECKING:
    from makeitso.protocol.budget import Ceiling
    from makeitso.protocol.events import Event, EventData
    from makeitso.protocol.record import MissReason, StreamChannel
    from makeitso.protocol.wait import WaitBy
    from makeitso.protocol.words import Actor, ApprovalKind, PhaseName

CHECK = Check(command="make test")
POLICIES = ev.PoliciesInForce(write_files="ask", run_shell="ask", network="never")


class Tape:
    """Writes events down, of several runs."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._seq = itertools.count(1)

    def at(
        self,
        ms: int,
        data: EventData,
        *,
        run: str = "r1",
        task: str | None = None,
        phase: PhaseName | None = None,
        actor: Actor = "engine",
        client: str = "cli",
    ) -> Event:
        event = ev.Event(
            seq=next(self._seq),
            at=ms,
            run=run,
            task=task,
            phase=phase,
            actor=actor,
            client=client,
            data=data,
            prev="",
            hash="",
        )
        self.events.append(event)
        return event

    def created(self, ms: int, *, run: str = "r1", budget: int = 1000) -> None:
        self.at(ms, created(budget=budget), run=run, actor="person")

    def planned(self, ms: int, *tasks: Task, run: str = "r1", attempts: int = 1) -> None:
        self.at(ms, planned(*tasks, attempts=attempts), run=run, actor="manager")

    def asked(
        self,
        ms: int,
        name: str,
        kind: ApprovalKind,
        *,
        run: str = "r1",
        ceiling: Ceiling | None = None,
    ) -> None:
        data = ev.ApprovalAsked(id=name, kind=kind, subject="s", digest="d", ceiling=ceiling)
        self.at(ms, data, run=run)

    def decided(
        self,
        ms: int,
        name: str,
        *,
        grant: bool = True,
        who: str = "ada",
        run: str = "r1",
        extend: int = 0,
    ) -> None:
        self.at(
            ms,
            ev.ApprovalDecided(id=name, grant=grant, who=who, extend=extend),
            run=run,
            actor="policy" if who == "--yes" else "person",
        )


def wait(by: WaitBy, **over: object) -> ev.WaitStarted:
    pace = {"strategy": "fixed", "base_s": 1, "max_s": 1}
    said = {"by": by, "wait": {"seconds": 9}, "because": "for 9s", "until": 9, "pace": pace}
    return ev.WaitStarted.model_validate({**said, **over})


def looked(seq: int, exit_code: int = 1) -> ev.WaitLooked:
    return ev.WaitLooked(wait=seq, exit_code=exit_code, duration_ms=1, sandboxed=True, next_at=None)


def created(*, budget: int = 1000) -> ev.RunCreated:
    return ev.RunCreated(
        goal="the goal",
        plan=None,
        options=RunOptions(manager=NoManager(kind="none"), policy="manual", budget_tokens=budget),
        policies=POLICIES,
        config_digest="",
        version="0",
    )


def planned(*tasks: Task, attempts: int = 1, budget: int | None = None) -> ev.PlanMade:
    plan = Plan(id="p", title="t", goal="g", tasks=tasks, budget_tokens=budget)
    return ev.PlanMade(path="p.plan.md", plan=plan, digest="d", task_digests={}, attempts=attempts)


def task(
    name: str,
    *,
    files: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
    checks: tuple[Check, ...] = (),
    budget: int | None = None,
    done: bool = False,
) -> Task:
    return Task(
        id=name,
        title=name,
        files=files,
        after=after,
        checks=checks,
        budget_tokens=budget,
        done=done,
    )


def record(channel: StreamChannel = "stdout", intent: str = "diagnostic") -> ev.RecordFound:
    found = Record(pattern="p", intent=intent, channel=channel, offset_bytes=0, stream_line=1)
    return ev.RecordFound(record=found)


def miss(
    channel: StreamChannel = "stdout", reason: MissReason = "unexplained", count: int = 1
) -> ev.MissFound:
    return ev.MissFound(
        miss=Miss(
            channel=channel, reason=reason, text="?", offset_bytes=0, stream_line=1, count=count
        )
    )


def ref(length: int) -> ev.OutputRef:
    return ev.OutputRef(path="o", offset=0, length_bytes=length, digest="d")


def usage(source: str, given: int, made: int) -> ev.UsageCounted:
    return ev.UsageCounted.model_validate(
        {"source": source, "input_tokens": given, "output_tokens": made}
    )


def proposed(*hunks: tuple[str, str], refused: tuple[str, ...] = ()) -> ev.ChangeProposed:
    return ev.ChangeProposed(
        base_tree="b",
        tree="t",
        commit="c",
        files=len({path for _, path in hunks}),
        hunks=tuple(
            ev.HunkRef(id=name, path=path, refused="link" if name in refused else "")
            for name, path in hunks
        ),
        digest="d",
    )


def landed(*hunks: str, conflicts: tuple[str, ...] = (), error: str = "") -> ev.LandingEnded:
    landing = Landing(
        id="l",
        run="r1",
        task="T1",
        landed=hunks,
        conflicts=conflicts,
        files=(),
        merged=False,
        target="files",
    )
    return ev.LandingEnded(landing=landing, error=error)


def check(
    where: ev.CheckPlace, code: int | None = 0, *, ms: int = 10, reused: bool = False, size: int = 0
) -> ev.CheckRan:
    return ev.CheckRan(
        command=CHECK.command,
        where=where,
        tree="t",
        exit_code=code,
        timed_out=code is None,
        duration_ms=ms,
        sandboxed=True,
        output=ref(size),
        reused=reused,
    )
