"""The pattern engine, with captures: 10 and 1,000 patterns, beside a program that only searches.

The bare side is ripgrep where there is one, else `grep -E`, over the same expressions as one list;
it counts lines and captures nothing. Both read the same lines, most of them of events that a
pattern knows, and both are warm: what is measured is a log that goes on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.hostile_lines import EVIL, long_lines, stretched
from benchmarks.log_events import events, lines, patterns
from benchmarks.measure import Row, alternating, call_cpu_s, program_cost
from makeitso.parsing import fast
from makeitso.parsing.engine import Engine
from makeitso.parsing.library import Library, load_library
from makeitso.parsing.patterns import Pattern
from makeitso.prompts.packaged import packaged_text

if TYPE_CHECKING:
    from collections.abc import Sequence

MB = 1_000_000
COUNTS = (10, 100, 1000)
STRANGERS = 500
"""Events that no pattern knows, and whose lines stand among the others."""
LINES = 30_000
HOSTILE = 300
"""Stretched examples of the packaged library."""
ALLOWED_MS = 50.0
BARE_PATTERNS = 30
"""With more patterns than these the bare side reads a part of the log: grep would take minutes."""


def explained(engine: Engine, log: Sequence[bytes]) -> int:
    """Lines that a pattern explains, captures taken."""
    line = engine.line
    return sum(line(one) is not None for one in log)


def searcher(rules: Sequence[Pattern], folder: Path) -> tuple[str, list[str]]:
    """The program to measure beside, and its command line but for the file to read."""
    source = "\n".join(p.regex.replace("(?:", "(") for p in rules)
    (folder / "rules").write_text(_without_names(source) + "\n")
    ripgrep = shutil.which("rg")
    if ripgrep:
        return "ripgrep", [ripgrep, "--count", "--threads=1", "-f", str(folder / "rules")]
    grep = shutil.which("grep")
    if grep is None:
        raise RuntimeError("neither rg nor grep is on PATH")
    return "grep -E", [grep, "-cE", "-f", str(folder / "rules")]


def _without_names(source: str) -> str:
    """As a list of `grep -E`: it knows neither names nor the classes of Perl inside brackets."""
    parts = source.split("(?P<")
    plain = parts[0] + "".join("(" + part.split(">", 1)[1] for part in parts[1:])
    for short, posix in ((r"[\d:]", "[0-9:]"), (r"[\w./-]", "[[:alnum:]_./-]"),
                         (r"[^\s:]", "[^[:space:]:]"), (r"\d", "[0-9]")):  # fmt: skip
        plain = plain.replace(short, posix)
    return plain


def rows(runs: int) -> list[Row]:
    """One row for each number of patterns, and the line that takes longest of hostile ones."""
    with tempfile.TemporaryDirectory() as name:
        found = [_row(count, Path(name), runs) for count in COUNTS]
        if fast.version() is not None:
            fast.switch_on(_Memory())
            found += [_row(count, Path(name), runs, by=", hyperscan") for count in COUNTS]
            fast.switch_on(None)
    return [*found, _slowest("packaged library", runs), _slowest("hostile patterns", runs)]


def _slowest(what: str, runs: int) -> Row:
    """The slowest of lines at the cap, as seen for the first time, of the fastest of all runs.

    The fastest: what else a machine does only adds to a line, and one in hundreds is looked for.
    """
    packaged = load_library(packaged_text("regexes.toml"))[0]
    evil = [Pattern(name="evil", intent="x", regex=regex) for regex in EVIL]
    libraries = [packaged] if what.startswith("packaged") else [Library((one,)) for one in evil]
    worst = 0.0
    for library in libraries:
        lines_ = [*long_lines(11), *stretched(library.patterns, count=HOSTILE, seed=11)]
        best = [float("inf")] * len(lines_)
        for _ in range(runs):
            engine = Engine(library)
            for number, line in enumerate(lines_):
                cost = call_cpu_s(lambda engine=engine, line=line: engine.line(line))
                best[number] = min(best[number], cost)
        worst = max(worst, *best)
    return Row(
        what=f"slowest hostile line, {what}",
        against="allowed",
        unit="ms CPU/line",
        ours=worst * 1000,
        bare=ALLOWED_MS,
        runs=runs,
    )


def _same(count: int, command: list[str], env: dict[str, str]) -> None:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    if int(done.stdout) != count:
        raise RuntimeError(f"{command[0]} finds {done.stdout.strip()} lines, the engine {count}")


class _Memory:
    """Compiled patterns that nobody keeps: compiling them is not what is measured."""

    def get(self, _key: str, /) -> bytes | None:
        return None

    def put(self, _key: str, _data: bytes, /) -> None:
        return None


def _row(count: int, folder: Path, runs: int, *, by: str = "") -> Row:
    found = events(count + STRANGERS, seed=count)
    rules = patterns(found[:count])
    log = lines(found, known=count, count=LINES, seed=7)
    part = log[: min(LINES, LINES * BARE_PATTERNS // count)]
    (folder / "log").write_bytes(b"\n".join(part) + b"\n")
    engine = Engine(Library(rules))
    against, command = searcher(rules, folder)
    env = {**os.environ, "LC_ALL": "C"}
    _same(explained(engine, part), [*command, str(folder / "log")], env)
    cost, bare = alternating(
        lambda: call_cpu_s(lambda: explained(engine, log)),
        lambda: program_cost([*command, str(folder / "log")], cwd=folder, env=env).cpu_s,
        runs=runs,
    )
    size, bare_size = sum(map(len, log)) / MB, sum(map(len, part)) / MB
    return Row(
        what=f"{count} patterns, captures{by}",
        against=f"{against}, count only",
        unit="ms CPU/MB",
        ours=cost / size * 1000,
        bare=bare / bare_size * 1000,
        runs=runs,
        note=f"{size / cost:.1f} MB/s, {against} {bare_size / bare:.1f}",
    )
