"""Texts made to be slow: each is read, checked and written in a small part of the limit."""

from __future__ import annotations

import time

import pytest

from makeitso.plans.check import check_plan
from makeitso.plans.read import read_text
from makeitso.plans.write import write

LIMIT_S = 5.0
"""CPU seconds; measured 0.01 to 0.4. What grows with the square of the text takes far longer."""
CASES = {
    "lines under a key": "- [ ] **T1** x\n  - done when:\n" + "    `a b`\n" * 20_000,
    "files under a key": "- [ ] **T1** x\n  - files:\n" + "    a.py\n" * 20_000,
    "open code spans": "- [ ] **T1** x\n  - files: " + "` " * 20_000,
    "blanks in a heading": "# a" + " " * 200_000 + "b",
    "marks of a rule": "- " * 50_000 + "x",
    "open comments": "<!--\n" * 20_000,
    "equal ids": "- [ ] **T1** x\n" * 2_000,
    "misspelt keys": "- [ ] **T1** x\n" + "  - filez: a\n" * 2_000,
    "braces": "- [ ] **T1** x\n  - files: " + "{a," * 5_000 + "{a,b}" * 500,
    "stars": "".join(f"- [ ] **T{n}** x\n  - files: {'*a' * (120 + n)}\n" for n in range(3)),
    "suffixes": "".join(f"- [ ] **T{n}** x\n  - files: '**/m{n}.py'\n" for n in range(1500)),
    "settings": "```toml\n" + "".join(f"k{n} = 1\n" for n in range(5_000)) + "```",
    "arrays": "```toml\na = " + "[" * 3_000 + "\n```",
    "one line": "x" * 2_000_000,
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_time_stays_linear(text: str) -> None:
    start = time.process_time()
    read = read_text(text, plan_id="p")
    check_plan(read)
    write(read.plan)
    assert time.process_time() - start < LIMIT_S


def test_a_plan_of_2000_tasks_is_read_and_checked_at_once() -> None:
    text = "# Big\n\nGoal.\n\n" + "".join(
        f"- [ ] **T{n}** Task {n}\n  - files: `src/p{n}/**`\n  - done when: `make t{n}`\n"
        f"  - after: T{max(n - 3, 0)}\n\n  Some words about it.\n\n"
        for n in range(1, 2001)
    )
    text += "- [ ] **T0** Root\n  - files: `docs/**`\n  - done when: `make`\n"
    start = time.process_time()
    read = read_text(text, plan_id="p")
    problems = check_plan(read)
    assert time.process_time() - start < LIMIT_S
    assert problems == ()
    assert len(read.plan.tasks) == 2001
