"""Journeys: runs that are killed many times in a row, at event counts that a seed chooses."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faults.invariants import essence, holds, stands, untouched
from faults.jobs import workplace
from faults.killing import way_on
from makeitso.wiring.faults import FAULT_VARIABLE

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from e2e.harness import World
    from faults.invariants import Essence
    from faults.jobs import Job
    from makeitso.protocol.events import Event

RECOVERY = 4
"""A resume that is killed at one of its first events has not got its run going again."""


@dataclass
class Kills:
    """How often a process really died by its own fault point."""

    forward: int = 0
    recovering: int = 0
    seen: list[str] = field(default_factory=list[str])
    """Every point, in order, with what came of it."""


def undisturbed(top: Path, job: Job) -> Essence:
    """What the job comes to when nothing is killed."""
    with workplace(top, job) as w:
        before = untouched(w)
        w.mis(*job.start).expect(0, "done")
        holds(w, job, before)
        return essence(w, job)


def travel(
    top: Path, job: Job, chance: random.Random, kills: Kills, *, most: int, recovery: bool
) -> Essence:
    """One run from its start to its end, killed on the way again and again.

    After each kill everything is checked that holds at any moment; at the end, all the rest.

    Args:
        top: an empty directory.
        job: what is run.
        chance: chooses the event counts.
        kills: is counted on.
        most: kills at most; then the run is let go on to its end.
        recovery: aim at resumes that have only begun; else anywhere.

    Returns:
        What the run came to.
    """
    with workplace(top, job) as w:
        before, left = untouched(w), most
        history: list[Event] = []
        while args := way_on(w, job):
            if left == 0:
                w.mis(*args).expect(0, "done")
                break
            resumes = args != job.start
            point = _point(chance, resumes=resumes, recovery=recovery)
            left -= _step(w, args, point, kills, resumes=resumes)
            history = stands(w, job, history)
        holds(w, job, before)
        return essence(w, job)


def _point(chance: random.Random, *, resumes: bool, recovery: bool) -> str:
    kind = chance.choice(("recorded", "recorded", "recording"))
    if not resumes:
        return f"{kind}:{chance.randint(2, 44)}"
    if recovery and chance.random() < 0.75:
        return f"{kind}:{chance.randint(1, RECOVERY)}"
    return f"{kind}:{chance.randint(3, 16)}"


def _step(w: World, args: tuple[str, ...], point: str, kills: Kills, *, resumes: bool) -> int:
    """Run `mis` to its death or its end; 1 if it died."""
    __tracebackhide__ = True
    ended = w.start(*args, env={FAULT_VARIABLE: point}).wait().sane()
    kills.seen.append(f"{args[0]} {point} -> {ended.code}")
    if ended.code != -signal.SIGKILL:
        ended.expect(0, "done")  # it was over before it had recorded so much
        return 0
    early = resumes and int(point.partition(":")[2]) <= RECOVERY
    kills.recovering += early
    kills.forward += not early
    return 1
