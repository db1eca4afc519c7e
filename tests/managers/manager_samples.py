"""Requests and answers the tests of managers share."""

from __future__ import annotations

import json
from pathlib import Path

from makeitso.managers.port import CheckOutcome, JudgeRequest, PlanRequest

GOOD_PLAN: dict[str, object] = {
    "title": "Dates before 1970 parse",
    "goal": "parse_date takes dates before 1970, and the suite passes.",
    "tasks": [
        {
            "id": "T1",
            "title": "Fix the parser",
            "goal": "Negative epochs are rejected in `_from_epoch`.",
            "files": ["src/dates/**"],
            "checks": ["pytest -q tests/test_dates.py"],
            "after": [],
        },
        {
            "id": "docs",
            "title": "Document it",
            "goal": "Say so in the handbook.",
            "files": ["docs/*.md"],
            "checks": [],
            "after": ["T1"],
        },
    ],
}


def plan_text(**changes: object) -> str:
    """The good plan as JSON, with top-level fields changed."""
    return json.dumps({**GOOD_PLAN, **changes})


def task(task_id: str = "T1", **changes: object) -> dict[str, object]:
    """A good task with fields changed."""
    good: dict[str, object] = {
        "id": task_id,
        "title": "Do it",
        "goal": "",
        "files": [],
        "checks": [],
        "after": [],
    }
    return {**good, **changes}


CIRCLE = plan_text(tasks=[task("A", after=["B"]), task("B", after=["A"])])


def verdict_text(verdict: str, **changes: object) -> str:
    """A judgement as JSON."""
    said: dict[str, object] = {
        "verdict": verdict,
        "instructions": "",
        "note": "A note.",
        "wait_s": 0,
        "wait_until": "",
        "wait_command": "",
    }
    return json.dumps({**said, **changes})


def plan_request(goal: str = "Make dates before 1970 parse", **changes: object) -> PlanRequest:
    """A request to plan in this directory."""
    values: dict[str, object] = {
        "goal": goal,
        "repository": Path(__file__).parent,
        "facts": "2 files:\nsrc/dates.py\ntests/test_dates.py",
        "policy": "confirm-phase",
        "seed": 7,
    }
    return PlanRequest(**{**values, **changes})  # pyright: ignore[reportArgumentType]


PASSED = CheckOutcome(command="make test", exit_code=0, output_tail="ok")
FAILED = CheckOutcome(command="make lint", exit_code=2, output_tail="boom at line 3")
HUNG = CheckOutcome(command="make slow", exit_code=None, output_tail="")


def judge_request(**changes: object) -> JudgeRequest:
    """The first of three rounds, one declared check that passed."""
    values: dict[str, object] = {
        "task_id": "T1",
        "title": "Fix the parser",
        "goal": "Negative epochs are rejected.",
        "repository": Path(__file__).parent,
        "round": 1,
        "max_rounds": 3,
        "worker_message": "All done.",
        "diff": "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n",
        "checks": (PASSED,),
        "declared_checks": 1,
        "no_progress": 0,
    }
    return JudgeRequest(**{**values, **changes})  # pyright: ignore[reportArgumentType]
