"""What a task waits for: the spellings, what is none of them, and the times they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makeitso.plans.check import check_plan
from makeitso.plans.digest import task_digest
from makeitso.plans.facts import NO_FACTS
from makeitso.plans.read import read_text
from makeitso.plans.waits import wait_text
from makeitso.protocol.wait import WaitFor

if TYPE_CHECKING:
    from makeitso.protocol.plan import Task

DOCUMENT = "# t\n\ng\n\n- [ ] **T1** x\n{key}  - done when: `true`\n"


def task(value: str | None) -> tuple[Task, list[str], list[str]]:
    """The task with this `wait`, the codes of its problems, what its fixes write."""
    key = "" if value is None else f"  - wait: {value}\n"
    read = read_text(DOCUMENT.format(key=key), plan_id="p")
    found = [p for p in check_plan(read, facts=NO_FACTS) if p.severity == "error"]
    fixes = [fix.new_text for problem in found for fix in problem.fixes]
    return read.plan.tasks[0], [problem.code for problem in found], fixes


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("10m", WaitFor(seconds=600)),
        ("for 1h30m.", WaitFor(seconds=5400)),
        ("`90 s`", WaitFor(seconds=90)),
        ("none", WaitFor(seconds=0)),
        ("until 18:00", WaitFor(until="18:00")),
        ("Until 17:30:05z", WaitFor(until="17:30:05Z")),
        ("until 2026-11-22 18:00", WaitFor(until="2026-11-22T18:00")),
        ("until 2026-11-22T18:00 +0100", WaitFor(until="2026-11-22T18:00+01:00")),
        ("until `make ready`", WaitFor(command="make ready")),
        ("until `a` succeeds, in web", WaitFor(command="a", cwd="web")),
        (
            "until `` `x` `` in `two words` every 1m for 2h",
            WaitFor(command="`x`", cwd="two words", every_s=60, limit_s=7200),
        ),
        ("until `a` for 1h30m every 5", WaitFor(command="a", every_s=5, limit_s=5400)),
    ],
)
def test_what_is_written_is_what_is_waited_for(value: str, wait: WaitFor) -> None:
    found, codes, _ = task(value)
    assert (found.wait, codes) == (wait, [])
    assert task(wait_text(wait))[0].wait == wait


@pytest.mark.parametrize(
    ("value", "code", "fixes"),
    [
        ("soon", "value-invalid", []),
        ("0s", "value-invalid", []),
        ("until tea", "value-invalid", []),
        ("until 25:00", "value-invalid", []),
        ("until 2026-02-30T10:00", "value-invalid", []),
        ("until", "value-invalid", []),
        ("until ` `", "value-invalid", []),
        ("`make ready`", "value-invalid", ["until `make ready`"]),
        ("18:00", "value-invalid", ["until 18:00"]),
        ("until `a` every x", "check-option-unknown", []),
        ("until `a` for 1.2.3s", "value-invalid", []),
        ("until `a` in ../elsewhere", "path-outside", []),
    ],
)
def test_what_is_none_is_said(value: str, code: str, fixes: list[str]) -> None:
    _, codes, offered = task(value)
    assert codes[0] == code
    assert offered == fixes


def test_a_wait_is_given_once() -> None:
    assert task("10m\n  - wait: 5m")[1] == ["key-repeated"]


def test_the_digest_covers_a_wait_and_is_what_it_was_without_one() -> None:
    digests = [
        task_digest(task(value)[0]) for value in (None, "10m", "600s", "none", "until 18:00")
    ]
    assert digests[1] == digests[2]
    assert len(set(digests)) == 4
