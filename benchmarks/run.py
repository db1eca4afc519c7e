"""Run the benchmarks and print one table of ratios: `make bench`.

Nothing here passes or fails by time. A benchmark that cannot be measured on this machine is named
with the reason and left out; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol, cast

from makeitso import __version__
from makeitso.errors import MisError

if TYPE_CHECKING:
    from benchmarks.measure import Row

NAMES = (
    "against_codex",
    "server_start",
    "stream_throughput",
    "parse_engine",
    "plan_check",
    "journal_append",
    "journal_resume",
    "review_size",
    "review_editor",
)
NAMED_ONLY = ("learning_proposals",)
"""Measured when they are named: what they measure beside is not among what tests install."""


class Benchmark(Protocol):
    """A module of this package that measures something."""

    def rows(self, runs: int, /) -> list[Row]:
        """Measure `runs` times and give the lines of the table."""
        ...


def measure(names: list[str], *, runs: int) -> tuple[list[Row], list[str]]:
    """The rows, and why some are missing."""
    rows: list[Row] = []
    missing: list[str] = []
    for name in names:
        sys.stderr.write(f"measuring {name} ...\n")
        benchmark = cast("Benchmark", importlib.import_module(f"benchmarks.{name}"))
        try:
            rows += benchmark.rows(runs)
        except (MisError, OSError, RuntimeError) as error:
            missing.append(f"{name}: {error}")
    return rows, missing


def table(rows: list[Row]) -> str:
    """The rows as text, in columns."""
    head = ("what", "against", "unit", "ours", "bare", "ratio", "")
    lines = [
        (r.what, r.against, r.unit, f"{r.ours:.3g}", f"{r.bare:.3g}", f"{r.ratio:.2f}x", r.note)
        for r in rows
    ]
    widths = [max(len(line[column]) for line in (head, *lines)) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if 3 <= column <= 5 else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (head, *lines)
    )


def machine() -> dict[str, object]:
    """What the figures were taken on."""
    return {
        "makeitso": __version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    known = ", ".join((*NAMES, *NAMED_ONLY))
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {known}")
    parser.add_argument("--runs", type=int, default=5, help="measures of each; medians are shown")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    names: list[str] = arguments.names or list(NAMES)
    runs: int = arguments.runs
    for name in names:
        if name not in (*NAMES, *NAMED_ONLY):
            parser.error(f"no benchmark {name}; there are {known}")
    if runs < 1:
        parser.error("--runs is at least 1")
    rows, missing = measure(names, runs=runs)
    if arguments.json:
        found = [{**asdict(row), "ratio": row.ratio} for row in rows]
        print(json.dumps({**machine(), "rows": found, "missing": missing}, indent=1))
    else:
        print(", ".join(f"{key} {value}" for key, value in machine().items()))
        print(f"medians of {runs}; less is better\n\n{table(rows)}")
        for line in missing:
            print(f"\nnot measured: {line}")
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
