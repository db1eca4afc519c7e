"""Taking a run up again from a journal of 100,000 events, against reading the same rows bare.

Resuming: open, fold, know the next steps; events that no state follows from, such as a worker's
output, are not read. Of counts: nearly all are tokens and time spent, each of which is folded.
Reading: every event, each held to its model, as an audit does. Bare: SQLite gives all the rows,
`json` parses them.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Row, alternating
from makeitso.journal.next import next_steps
from makeitso.journal.rules import Rules
from makeitso.protocol import events as ev
from makeitso.protocol.plan import Check, NoManager, Plan, RunOptions, Task
from makeitso.protocol.record import Miss, Record
from makeitso.runs.book import Book
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal, row_hash, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EVENTS = 100_000
TURN = 40
"""Events of one turn of a worker."""
RUN = "r20261122-1"


def rows(runs: int) -> list[Row]:
    """Wall time of one look at the whole journal; the disk's cache is warm on both sides."""
    few = min(runs, 3)
    with tempfile.TemporaryDirectory(prefix="makeitso-bench-") as directory:
        path = Path(directory) / "journal.db"
        fill(path)
        resumed = alternating(lambda: _timed(resume, path), lambda: _timed(_parse, path), runs=few)
        read = alternating(lambda: _timed(_read, path), lambda: _timed(_parse, path), runs=few)
        counts = Path(directory) / "counts.db"
        fill(counts, _count)
        summed = alternating(
            lambda: _timed(resume, counts), lambda: _timed(_parse, counts), runs=few
        )
    return [
        _row(f"resume from {EVENTS:,} events", *resumed, few),
        _row(f"resume from {EVENTS:,} events, most of them counts", *summed, few),
        _row(f"every one of {EVENTS:,} events read", *read, few),
    ]


def _row(what: str, ours: float, bare: float, runs: int) -> Row:
    return Row(
        what=what,
        against="rows parsed as JSON",
        unit="s",
        ours=ours,
        bare=bare,
        runs=runs,
        note=f"{EVENTS / ours:,.0f} events/s",
    )


def _timed(look: Callable[[Path], int], path: Path) -> float:
    before = time.perf_counter()
    if look(path) != EVENTS:
        raise RuntimeError("the journal is not what was written")
    return time.perf_counter() - before


def resume(path: Path) -> int:
    """Open, fold, know what comes next; the number of the newest event."""
    journal = Journal(path, clock=SystemClock(), client="bench")
    book = Book(journal)
    if not next_steps(book.run(RUN), Rules()):
        raise RuntimeError("the run is meant to go on")
    journal.close()
    return book.seq


def _read(path: Path) -> int:
    journal = Journal(path, clock=SystemClock(), client="bench")
    count = sum(1 for _ in journal.read())
    journal.close()
    return count


def _parse(path: Path) -> int:
    database = sqlite3.connect(path)
    found = database.execute("SELECT seq, data FROM events ORDER BY seq").fetchall()
    parsed = [json.loads(data) for _, data in found]
    database.close()
    return len(parsed)


def fill(path: Path, of_turn: Callable[[int, Check], ev.EventData] | None = None) -> None:
    """Write a journal of one long run, as the journal itself would, in one transaction."""
    Journal(path, clock=SystemClock(), client="bench").close()  # makes the schema
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("BEGIN")
    prev = ""
    for seq, (task, data) in enumerate(_tape(of_turn or _of_turn), start=1):
        text = stored(data.model_dump(mode="json"))
        fields: dict[str, object] = {
            "seq": seq,
            "at": 1_795_000_000_000 + seq,
            "run": RUN,
            "task": task,
            "phase": "task" if task else None,
            "type": data.type,
            "actor": "worker" if task else "engine",
            "client": "bench",
            "cause": None,
            "data": json.loads(text),
            "prev": prev,
        }
        prev = row_hash(fields)
        database.execute(
            "INSERT INTO events VALUES (:seq, :at, :run, :task, :phase, :type, :actor, :client, "
            ":cause, :data, :prev, :hash)",
            {**fields, "data": text, "hash": prev},
        )
    database.execute("COMMIT")
    database.close()


def _tape(
    of_turn: Callable[[int, Check], ev.EventData],
) -> Iterator[tuple[str | None, ev.EventData]]:
    """A run whose one task has had very many rounds, and is in the middle of another."""
    check = Check(command="pytest -q")
    task = Task(id="T1", title="A long task", checks=(check,))
    yield (
        None,
        ev.RunCreated(
            goal="A long job",
            plan="job.plan.md",
            options=RunOptions(manager=NoManager(kind="none"), policy="delegate", yes=True),
            policies=ev.PoliciesInForce(write_files="ask", run_shell="ask", network="never"),
            config_digest="",
            version="0",
        ),
    )
    plan = Plan(id="job", title="A long job", goal="All of it.", tasks=(task,))
    yield None, ev.PlanMade(path="job.plan.md", plan=plan, digest="d", task_digests={"T1": "t"})
    yield None, ev.ApprovalAsked(id="a1", kind="plan", subject="run it", digest="d")
    yield None, ev.ApprovalDecided(id="a1", grant=True, who="ada")
    yield "T1", ev.TaskStarted()
    yield "T1", ev.PhaseStarted()
    for number in range(EVENTS - 6):
        yield "T1", of_turn(number, check)


def _count(number: int, check: Check) -> ev.EventData:
    """Tokens and time spent, and a turn begun now and then."""
    if number % 300 == 0:
        return _of_turn(number // 300 * TURN, check)
    if number % 3:
        return ev.TimeCounted(active_ms=1000, run_ms=1000)
    return ev.UsageCounted(
        source="worker", input_tokens=900, output_tokens=80, thread_input=number, thread_output=9
    )


def _of_turn(number: int, check: Check) -> ev.EventData:
    """One of the events of a worker's turn: most of them are output and what was made of it."""
    turn, step = divmod(number, TURN)
    text = f"the build says number {number} of something that no pattern knows"
    match step:
        case 0:
            return ev.TurnStarted(intent="EXEC", round=turn + 1, prompt_digest="f" * 64)
        case 35:
            return ev.UsageCounted(source="worker", input_tokens=900, output_tokens=80)
        case 36:
            return ev.TurnEnded(status="completed", message="One more step is done.")
        case 37:
            name = f"round-{turn + 1}"
            return ev.SnapshotTaken(name=name, tree="a" * 40, commit="b" * 40, ref=name)
        case 38:
            return ev.CheckRan(
                command=check.command, where="round", tree="a" * 40, exit_code=1, timed_out=False,
                duration_ms=900, sandboxed=True, tail="1 failed",
            )  # fmt: skip
        case 39:
            return ev.ManagerJudged(verdict="continue", instructions="Go on.", round=turn + 1)
        case _ if step % 3 == 0:
            return ev.CommandRan(command=f"sed -n {number}p src/all.py", exit_code=0, duration_ms=4)
        case _ if step % 3 == 1:
            return ev.MissFound(
                miss=Miss(
                    channel="stdout", reason="unexplained", text=text, offset_bytes=number * 70,
                    stream_line=number + 1,
                )
            )  # fmt: skip
        case _:
            return ev.RecordFound(
                record=Record(
                    pattern="gcc", intent="diagnostic", channel="stdout", offset_bytes=number * 70,
                    stream_line=number + 1, path=f"src/m{number}.c", line=7, severity="warning",
                    message=text,
                )
            )  # fmt: skip
