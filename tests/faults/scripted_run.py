"""A run whose workers are scripted in this very process: how much of us there is, measured.

    python scripted_run.py PLAN FIGURES [--at-once N] [--output-bytes N]

Everything but the worker program is real: journal, worktrees, streams, checks, review, landing.
Figures about this process are written as JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

from makeitso.runs import engine
from makeitso.runs.create import create_run
from makeitso.runs.ports import Nobody
from makeitso.wiring import Bridge
from makeitso.workers import port

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

CHUNK_BYTES = 64 * 1024
BEAT_S = 0.01
"""How often the loop is asked for its lag."""
SPOKEN = 10
"""One byte in so many of a flood is output of commands, which is parsed; the rest is protocol."""
LINES = 20
"""Lines that each worker of a crowd puts out between two looks at the clock."""


@dataclass
class Stage:
    """What the workers of one run share."""

    at_once: int
    output_bytes: int
    here: int = 0
    most: int = 0
    complete: anyio.Event = field(default_factory=anyio.Event)
    """Set once so many turns are under way at the same time."""
    lags_s: list[float] = field(default_factory=list[float])

    async def gather(self) -> None:
        """Come on stage and wait for the others."""
        self.here += 1
        self.most = max(self.most, self.here)
        if self.here >= self.at_once:
            self.complete.set()
        await self.complete.wait()

    async def beat(self) -> None:
        """Measure for ever how much later than asked the loop comes back."""
        while True:
            asked = time.perf_counter()
            await anyio.sleep(BEAT_S)
            self.lags_s.append(time.perf_counter() - asked - BEAT_S)


@dataclass
class Session:
    """One worker: puts something out, writes a file of its own, says that it is done."""

    job: port.WorkerJob
    host: port.WorkerHost
    stage: Stage

    async def turn(self, text: str) -> port.TurnResult:
        del text
        name = self.job.task
        await self.stage.gather()
        if self.stage.output_bytes:
            await self._flood()
        else:
            await self._chatter(name)
        await anyio.Path(self.job.worktree / f"{name}.txt").write_text(f"{name} was here\n")
        await self.host.emit(port.Message(f"{name} is done.", final=True))
        await self.host.emit(port.Usage(1000, 0, 50, 0, 1050))
        self.stage.here -= 1
        return port.TurnResult(status="completed", message=f"{name} is done.")

    async def interrupt(self) -> None:
        self.stage.complete.set()  # somebody failed to come; the run says why

    async def _chatter(self, name: str) -> None:
        for number in range(LINES):
            item = f"{name}-{number}"
            await self.host.emit(port.CommandStarted(item, f"make part-{number}", "."))
            line = f"src/{name}.c:{number + 1}:7: warning: unused variable 'n{number}'\n"
            await self.host.emit(port.Output("stdout", line.encode(), item))
            await self.host.emit(port.CommandEnded(item, f"make part-{number}", 0, 3))
            await anyio.lowlevel.checkpoint()

    async def _flood(self) -> None:
        text = "".join(
            f"step {n}: the build of module {n} goes on as before\n" for n in range(2000)
        )
        chunk = text.encode()[:CHUNK_BYTES]
        # As with a real worker, the protocol around its output is the most of it; that is kept raw.
        spoken = self.stage.output_bytes // SPOKEN
        parts: dict[port.Channel, int] = {
            "stdout": spoken,
            "wire": self.stage.output_bytes - spoken,
        }
        for channel, size in parts.items():
            left = size
            while left > 0:
                await self.host.emit(port.Output(channel, chunk[:left], "flood"))
                left -= len(chunk)
                await anyio.lowlevel.checkpoint()


@dataclass(frozen=True)
class Workers:
    """Opens sessions on a stage."""

    stage: Stage
    name: str = "scripted"

    @contextlib.asynccontextmanager
    async def open(
        self, job: port.WorkerJob, host: port.WorkerHost
    ) -> AsyncGenerator[port.WorkerSession]:
        await host.emit(port.Started(os.getpid(), 0.0, f"thread-{job.task}", "scripted 1"))
        yield Session(job, host, self.stage)


async def run(plan: str, stage: Stage) -> dict[str, object]:
    """Drive the plan to its end and say what it cost."""
    bridge = Bridge(client="test")
    started = time.perf_counter()
    base_mb = _memory_mb("VmRSS")
    with bridge.own():
        ports = dataclasses.replace(bridge.ports(), worker=Workers(stage))
        options = bridge.options(policy="delegate", yes=True)
        run_id = create_run(ports, goal="all of it", plan=plan, options=options)
        outcome = engine.Outcome("failed", 1)
        async with anyio.create_task_group() as group:
            group.start_soon(stage.beat)
            outcome = await engine.drive(ports, bridge.book, Nobody(), run_id)
            group.cancel_scope.cancel()
    found = bridge.book.run(run_id)
    bridge.close()
    lags = sorted(stage.lags_s)
    return {
        "state": outcome.state,
        "reason": outcome.reason,
        "landed": sum(task.ended == "landed" for task in found.tasks.values()),
        "at_once": stage.most,
        "seconds": time.perf_counter() - started,
        "lag_p50_ms": 1000 * lags[len(lags) // 2],
        "lag_p99_ms": 1000 * lags[len(lags) * 99 // 100],
        "lag_max_ms": 1000 * lags[-1],
        "base_mb": base_mb,
        "peak_mb": _memory_mb("VmHWM"),
    }


def _memory_mb(name: str) -> float:
    text = Path("/proc/self/status").read_text("ascii")
    line = next(line for line in text.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("plan")
    parser.add_argument("figures", type=Path)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--output-bytes", type=int, default=0)
    arguments = parser.parse_args()

    async def work() -> dict[str, object]:
        return await run(arguments.plan, Stage(arguments.at_once, arguments.output_bytes))

    arguments.figures.write_text(json.dumps(anyio.run(work)), "utf-8")


if __name__ == "__main__":
    main()
