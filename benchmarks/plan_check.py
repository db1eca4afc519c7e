"""Reading and checking a plan of 2,000 tasks, against one of 200: time per line must not grow."""

from __future__ import annotations

from benchmarks.measure import Row, alternating, call_cpu_s
from makeitso.plans.check import check_plan
from makeitso.plans.read import read_text

LARGE, SMALL = 2000, 200
TASK = """
- [ ] **T{n}** Change module {n}
  - files: `src/module{n}/**`, `tests/test_module{n}.py`
  - done when: `python -m pytest -q tests/test_module{n}.py` (was: failing)
  - after: {after}
  - task: manual, 20k tokens

  The function `value_{n}` returns what its docstring says. Keep its name.
"""


def plan(tasks: int) -> str:
    """A plan whose tasks each wait for the one before."""
    head = "# A long plan\n\nEverything is changed, one after the other.\n"
    text = head + "".join(TASK.format(n=n, after=f"T{n - 1}") for n in range(1, tasks + 1))
    return text.replace("  - after: T0\n", "")


def check(text: str) -> int:
    """Read and check; the number of problems."""
    return len(check_plan(read_text(text, plan_id="bench")))


def rows(runs: int) -> list[Row]:
    """Time per line of the large plan against that of the small one."""
    large, small = plan(LARGE), plan(SMALL)
    if check(large) or check(small):
        raise RuntimeError("the plan is meant to have no problem")
    many, few = large.count("\n"), small.count("\n")
    ours, bare = alternating(
        lambda: call_cpu_s(lambda: check(large)) / many,
        lambda: call_cpu_s(lambda: check(small)) / few,
        runs=runs,
    )
    return [
        Row(
            what=f"plan of {LARGE:,} tasks, read and checked",
            against=f"plan of {SMALL} tasks",
            unit="us CPU/line",
            ours=ours * 1e6,
            bare=bare * 1e6,
            runs=runs,
            note=f"{ours * many:.2f} s, {many:,} lines",
        )
    ]
