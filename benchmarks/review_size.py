"""The review of 10,000 hunks in 2,500 files, beside `git add -p` and `git apply` of the same.

Both reviews are driven through a terminal by a script: until the first hunk is asked about, and
from an answer to the next question. A landing is measured on all of the change and on a part of it:
what a file costs must not grow with their number.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from benchmarks import large_change
from benchmarks.measure import Row
from benchmarks.terminal import Spent, Terminal
from makeitso.landing import land
from makeitso.review import marks
from makeitso.workspace import changes
from makeitso.workspace.git import open_repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.large_change import LargeChange

FILES, FEW = 2500, 250
ANSWERS = 8
"""How many hunks are answered in one review."""
OURS = (sys.executable, "-c", "from makeitso.cli.main import main; raise SystemExit(main())")
OUR_PROMPT = r"accept this hunk \[[^]]*\]\? "
GIT_PROMPT = r"(Stage this hunk|Stage addition|Stage deletion)[^[]*\[[^]]*\]\? "


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """One review at a terminal."""

    first: Spent
    answer: Spent
    """The median wait, and the mean of what an answer cost."""
    peak_mb: float


def rows(runs: int) -> list[Row]:
    """First question, answers, memory, and landing."""
    few = min(runs, 3)
    with tempfile.TemporaryDirectory(prefix="makeitso-bench-") as directory:
        large = large_change.make(Path(directory), files=FILES)
        large_change.record(large)
        ours = [review(large) for _ in range(few)]
        bare = [add(large) for _ in range(few)]
        landed = [landing(large, FILES) for _ in range(few)]
        part = [landing(large, FEW) for _ in range(few)]
        applied = [apply(large) for _ in range(few)]
    size = f"{large.hunks:,} hunks in {FILES:,} files"
    wall = statistics.median(one.first.wall_s for one in ours)
    waits = statistics.median(one.answer.wall_s for one in ours)
    return [
        _row(f"review of {size}: first question", "git add -p", "s CPU",
             [one.first.cpu_s for one in ours], [one.first.cpu_s for one in bare],
             note=f"{wall:.2f} s"),
        _row("the same: an answer", "git add -p", "ms CPU",
             [one.answer.cpu_s * 1000 for one in ours],
             [one.answer.cpu_s * 1000 for one in bare],
             note=f"{waits * 1000:.0f} ms until the next question"),
        _row("the same: largest memory", "git add -p", "MB",
             [one.peak_mb for one in ours], [one.peak_mb for one in bare]),
        _row(f"landing {FILES:,} files, all or nothing", "git apply", "s", landed, applied,
             note=f"{FILES / statistics.median(landed):,.0f} files/s, flushed to the disk"),
        _row(f"a file of {FILES:,} that land", f"a file of {FEW}", "ms/file",
             [one / FILES * 1000 for one in landed], [one / FEW * 1000 for one in part]),
    ]  # fmt: skip


def _row(
    what: str,
    against: str,
    unit: str,
    ours: Sequence[float],
    bare: Sequence[float],
    *,
    note: str = "",
) -> Row:
    return Row(
        what=what,
        against=against,
        unit=unit,
        ours=statistics.median(ours),
        bare=statistics.median(bare),
        runs=len(ours),
        note=note,
    )


def review(large: LargeChange) -> Reviewed:
    """Our review: some hunks are accepted, the rest is left open."""
    return _driven(Terminal([*OURS, "review"], cwd=large.root, env=large.env), OUR_PROMPT)


def add(large: LargeChange) -> Reviewed:
    """Git's, of the same change in the working tree; the base is put back afterwards."""
    large.git("read-tree", "-u", "--reset", large.proposal)
    large.git("reset", "-q", "--mixed", large.base)
    try:
        return _driven(Terminal(["git", "add", "-p"], cwd=large.root, env=large.env), GIT_PROMPT)
    finally:
        large.pristine()


def _driven(terminal: Terminal, prompt: str) -> Reviewed:
    first = terminal.until(prompt)
    answers: list[Spent] = []
    for _ in range(ANSWERS):
        terminal.say("y")
        answers.append(terminal.until(prompt))
    ended = terminal.end("q")
    answer = Spent(
        cpu_s=statistics.mean(spent.cpu_s for spent in answers),
        wall_s=statistics.median(spent.wall_s for spent in answers),
    )
    return Reviewed(first=first, answer=answer, peak_mb=ended.peak_mb)


def landing(large: LargeChange, files: int) -> float:
    """Seconds to land the whole of so many files, computed and written, all or nothing."""
    repo = open_repository(large.root)
    whole = changes.between(
        repo,
        large.git("rev-parse", f"{large.base}^{{tree}}"),
        large.git("rev-parse", f"{large.proposal}^{{tree}}"),
        run=large_change.RUN,
        task=large_change.TASK,
    )
    accepted = {hunk.id for file in whole.files[:files] for hunk in file.hunks}
    change = marks.with_states(whole, dict.fromkeys(accepted, "accepted"))

    async def both() -> int:
        plan = await land.prepare(repo, change, id="bench")
        done = await land.commit(plan, root=large.root)
        land.forget(large.root, plan.id)
        return len(done.files)

    started = time.perf_counter()
    if anyio.run(both) != files:
        raise RuntimeError("not all files have landed")
    took = time.perf_counter() - started
    large.pristine()
    return took


def apply(large: LargeChange) -> float:
    """Seconds `git apply` takes for the same change; it does not wait for the disk."""
    patch = large.git("diff", large.base, large.proposal).encode() + b"\n"
    started = time.perf_counter()
    large.git("apply", feed=patch)
    took = time.perf_counter() - started
    large.pristine()
    return took
