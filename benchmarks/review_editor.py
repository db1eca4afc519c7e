"""The review document of 10,000 hunks in an editor: opening it, marking in it, its lenses.

Marks are measured beside `git apply --cached` of one hunk, which is what staging it in an editor
comes to; lenses beside those of a tenth of the change, because they must not grow with it.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import psutil

from benchmarks import large_change
from benchmarks.measure import Row, program_cost
from benchmarks.server_start import MINIMAL, OURS, receive, send

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.large_change import LargeChange

FILES, FEW = 2500, 250
MARKS = 20
END_TIMEOUT_S = 60
SETTLED_S = 3.0
"""After a burst of marks everything is written and shown before so long."""


_PENDING = re.compile(r"^@@ .* @@ \[pending ([0-9a-f]+)\]", re.MULTILINE)
"""The hunks of a review document."""


@dataclass(frozen=True, kw_only=True)
class Used:
    """One session of an editor."""

    open_cpu_s: float
    open_wall_s: float
    mark_cpu_s: float
    """Of one mark, with what is done behind it."""
    marks_wall_s: Sequence[float]
    """From each request to its answer, one right after the other."""
    lenses_wall_s: float
    memory_mb: float


class Editor:
    """A server and one open document.

    Args:
        command: the server.
        large: its workspace.
    """

    def __init__(self, command: Sequence[str], large: LargeChange) -> None:
        self.server = subprocess.Popen(
            command,
            cwd=large.root,
            env=large.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._to = cast("IO[bytes]", self.server.stdin)
        self._back = cast("IO[bytes]", self.server.stdout)
        self._number = 0
        root = large.root.as_uri()
        params: dict[str, object] = {"capabilities": {}, "processId": None, "rootUri": root}
        self.ask("initialize", {**params, "workspaceFolders": [{"uri": root, "name": "w"}]})
        self.tell("initialized", {})

    def ask(self, method: str, params: dict[str, object]) -> dict[str, Any]:
        """The answer to a request; an error is an answer."""
        self._number += 1
        send(self._to, id=self._number, method=method, params=params)
        while (answer := receive(self._back)).get("id") != self._number:
            pass
        return answer

    def tell(self, method: str, params: dict[str, object]) -> None:
        """Send a notification."""
        send(self._to, method=method, params=params)

    def open(self, path: Path) -> str:
        """Open a document; returns its URI."""
        item = {"languageId": "diff", "version": 1, "text": path.read_text("utf-8")}
        self.tell("textDocument/didOpen", {"textDocument": {"uri": path.as_uri(), **item}})
        return path.as_uri()

    def cpu_s(self) -> float:
        """What the server and what it started have cost."""
        times = psutil.Process(self.server.pid).cpu_times()
        return times.user + times.system + times.children_user + times.children_system

    def memory_mb(self) -> float:
        """What it holds now."""
        return psutil.Process(self.server.pid).memory_info().rss / 1_000_000

    def end(self) -> None:
        """Shut the server down."""
        self.ask("shutdown", {})
        self.tell("exit", {})
        self._to.close()
        self.server.wait(END_TIMEOUT_S)
        self._back.close()


def rows(runs: int) -> list[Row]:
    """Opening, marks and lenses."""
    few = min(runs, 3)
    with tempfile.TemporaryDirectory(prefix="makeitso-bench-") as directory:
        large = large_change.make(Path(directory) / "large", files=FILES)
        small = large_change.make(Path(directory) / "small", files=FEW)
        large_change.record(large)
        large_change.record(small)
        ours = [use(large) for _ in range(few)]
        part = [use(small) for _ in range(few)]
        bare = [minimal(large) for _ in range(few)]
        staged = [stage_one(large) for _ in range(few)]
    waits = sorted(wait * 1000 for one in ours for wait in one.marks_wall_s)
    median = statistics.median
    size = f"{large.hunks:,} hunks in {FILES:,} files"
    opened = median(one.open_wall_s for one in ours)
    worst = waits[int(len(waits) * 0.95)]
    return [
        Row(
            what=f"review document of {size}: opened, with lenses",
            against="minimal pygls server, same document",
            unit="s CPU",
            ours=median(one.open_cpu_s for one in ours),
            bare=median(cpu for cpu, _ in bare),
            runs=few,
            note=f"{opened:.2f} s",
        ),
        Row(
            what="the same: a mark, document written",
            against="git apply --cached of a hunk",
            unit="ms CPU",
            ours=median(one.mark_cpu_s for one in ours) * 1000,
            bare=median(staged) * 1000,
            runs=few,
            note=f"answered in {median(waits):.0f} ms, 95 % in {worst:.0f} ms",
        ),
        Row(
            what="the same: lenses",
            against=f"of {small.hunks:,} hunks",
            unit="ms",
            ours=median(one.lenses_wall_s for one in ours) * 1000,
            bare=median(one.lenses_wall_s for one in part) * 1000,
            runs=few,
        ),
        Row(
            what="the same: memory of the server",
            against="minimal pygls server, same document",
            unit="MB",
            ours=median(one.memory_mb for one in ours),
            bare=median(memory for _, memory in bare),
            runs=few,
        ),
    ]


def use(large: LargeChange) -> Used:
    """Open the document, take its lenses, mark hunks one after the other and take those back."""
    editor = Editor(OURS, large)
    try:
        cpu, started = editor.cpu_s(), time.perf_counter()
        about: dict[str, object] = {"run": large_change.RUN, "task": large_change.TASK}
        about["hunks"] = False  # as the lens of a plan asks
        got = editor.ask("mis/change/get", about)["result"]
        path = large.root / got["document"]
        uri = editor.open(path)
        document: dict[str, object] = {"textDocument": {"uri": uri}}
        if not editor.ask("textDocument/codeLens", document)["result"]:
            raise RuntimeError("there are no lenses")
        opened = editor.cpu_s() - cpu, time.perf_counter() - started
        ids = _PENDING.findall(path.read_text("utf-8"))
        chosen = ids[:: len(ids) // MARKS][:MARKS]
        cpu, waits = editor.cpu_s(), list[float]()
        for mark in ("rejected", "pending"):
            for name in chosen:
                before = time.perf_counter()
                answer = editor.ask("mis/hunk/mark", {"hunks": [name], "mark": mark})
                waits.append(time.perf_counter() - before)
                if "error" in answer:
                    raise RuntimeError(f"a mark was refused: {answer['error']}")
        before = time.perf_counter()
        editor.ask("textDocument/codeLens", document)
        lenses = time.perf_counter() - before
        # what is done behind the marks, the document and the view of it, counts
        time.sleep(SETTLED_S)
        marked = (editor.cpu_s() - cpu) / len(waits)
        memory = editor.memory_mb()
    finally:
        editor.end()
    return Used(
        open_cpu_s=opened[0],
        open_wall_s=opened[1],
        mark_cpu_s=marked,
        marks_wall_s=waits,
        lenses_wall_s=lenses,
        memory_mb=memory,
    )


def minimal(large: LargeChange) -> tuple[float, float]:
    """CPU seconds and memory of a server that is given the same document and does nothing."""
    editor = Editor(MINIMAL, large)
    cpu = editor.cpu_s()
    editor.open(next((large.root / ".makeitso/review").glob("*.diff")))
    editor.ask("workspace/symbol", {"query": ""})
    found = editor.cpu_s() - cpu, editor.memory_mb()
    editor.end()
    return found


def stage_one(large: LargeChange) -> float:
    """CPU seconds of `git apply --cached` of one hunk; the index is put back."""
    patch = large.git("diff", large.base, large.proposal, "--", "src/part0/module0.py")
    head, _, rest = patch.partition("\n@@ ")
    one = f"{head}\n@@ {rest.partition(chr(10) + '@@ ')[0]}\n"
    command = ("git", "apply", "--cached")
    cost = program_cost(command, cwd=large.root, env=large.env, feed=one)
    large.git("reset", "-q", large.base)
    return cost.cpu_s
