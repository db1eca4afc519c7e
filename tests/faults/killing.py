"""Runs that are killed at points and taken up again."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from makeitso.wiring.faults import FAULT_VARIABLE

if TYPE_CHECKING:
    from e2e.harness import Ended, World
    from faults.jobs import Job

RESUME = ("resume", "--yes")


def killed(w: World, at: str, *args: str) -> None:
    """Run `mis`, which must die at a point: else the fault was never there."""
    __tracebackhide__ = True
    ended = w.start(*args, env={FAULT_VARIABLE: at}).wait()
    assert ended.code == -signal.SIGKILL, f"{at} never fired\n{ended}"


def way_on(w: World, job: Job) -> tuple[str, ...]:
    """What an unattended machine would call after a kill; empty: the run is over."""
    if not w.runs():
        return job.start
    return RESUME if w.run.finished is None else ()


def taken_up(w: World, job: Job) -> Ended:
    """Go on after a kill as an unattended machine would, to the end."""
    args = way_on(w, job)
    if not args:
        return w.mis("resume").expect(2, "no run is open")
    return w.mis(*args).expect(0, "done")
