"""Golden plans: a document, facts where they matter, the plan it says, and every problem."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from makeitso.plans.canonical import canonical_task
from makeitso.plans.check import check_plan
from makeitso.plans.codes import PLAN_CODES
from makeitso.plans.digest import plan_canonical
from makeitso.plans.edit import Edit, apply
from makeitso.plans.facts import BaseResult, PlanFacts
from makeitso.plans.read import read_text
from makeitso.protocol.plan import Policies

if TYPE_CHECKING:
    from makeitso.protocol.text import Problem

GOLDEN = Path(__file__).parents[1] / "golden" / "plans"
CASES = sorted(GOLDEN.glob("*.txt"))
MARK = "======== "


def sections(text: str) -> dict[str, str]:
    """`======== name` begins a section; what stands before the first one says what it is about."""
    head, *rest = re.split(f"^{MARK}", text, flags=re.MULTILINE)
    found = {"about": head}
    for part in rest:
        name, _, body = part.partition("\n")
        found[name] = body
    return found


def facts_of(text: str) -> PlanFacts:
    """Facts as JSON; `approved` is a plan document in the form that was approved."""
    held = cast("dict[str, object]", json.loads(text or "{}"))
    approved = held.pop("approved", None)
    if isinstance(approved, str):
        plan = read_text(approved, plan_id="p").plan
        held["approved_tasks"] = {task.id: canonical_task(task) for task in plan.tasks}
        held["approved_plan"] = plan_canonical(plan)
    if "policies" in held:
        held["policies"] = Policies.model_validate(held["policies"])
    for name in ("repos", "workers", "evidence"):
        if name in held:
            held[name] = frozenset(cast("list[str]", held[name]))
    if "base" in held:
        results = cast("list[dict[str, object]]", held["base"])
        held["base"] = tuple(BaseResult(**result) for result in results)  # pyright: ignore[reportArgumentType] -- JSON of the case
    return PlanFacts(**held)  # pyright: ignore[reportArgumentType] -- JSON of the case


def shown(text: str, problem: Problem) -> str:
    """One problem: place, severity, code, the words it points at, message, what fixes make."""
    span = problem.span
    lines = text.split("\n")
    words = lines[span.line][span.column : span.end_column if span.end_line == span.line else None]
    where = f"{span.line + 1}:{span.column + 1}"
    out = [f"{where} {problem.severity} {problem.code} «{words}»"]
    out += [f"    {line}" for line in problem.message.split("\n")]
    for fix in problem.fixes:
        out.append(f"    fix: {fix.title}")
        fixed = apply(text, [Edit(fix.span, fix.new_text)]).split("\n")
        out += [f"        - {line}" for line in lines if line not in fixed]
        out += [f"        + {line}" for line in fixed if line not in lines]
    return "\n".join(out)


def expected(held: dict[str, str]) -> dict[str, str]:
    text = held["plan.md"].removesuffix("\n")
    facts = facts_of(held.get("facts", ""))
    read = read_text(text, plan_id="2026-11-22-case")
    plan = json.dumps(read.plan.model_dump(exclude_defaults=True), indent=1, ensure_ascii=False)
    problems = [shown(text, problem) for problem in check_plan(read, facts=facts)]
    return {"plan": f"{plan}\n", "problems": "".join(f"{line}\n" for line in problems)}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden(path: Path, pytestconfig: pytest.Config) -> None:
    held = sections(path.read_text("utf-8"))
    produced = held | expected(held)
    text = held["about"] + "".join(
        f"{MARK}{name}\n{body}" for name, body in produced.items() if name != "about"
    )
    if pytestconfig.getoption("--update-golden"):
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text


def test_every_code_has_a_golden_case() -> None:
    text = "".join(sections(path.read_text("utf-8")).get("problems", "") for path in CASES)
    found = {line.split(" ")[2] for line in text.split("\n") if line[:1].isdigit()}
    assert found == set(PLAN_CODES)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_fix_takes_its_problem_away(path: Path) -> None:
    held = sections(path.read_text("utf-8"))
    text = held["plan.md"].removesuffix("\n")
    facts = facts_of(held.get("facts", ""))

    def found(document: str) -> list[tuple[str, str]]:
        problems = check_plan(read_text(document, plan_id="p"), facts=facts)
        return [(problem.code, problem.message) for problem in problems]

    before = found(text)
    for problem in check_plan(read_text(text, plan_id="p"), facts=facts):
        for fix in problem.fixes:
            after = found(apply(text, [Edit(fix.span, fix.new_text)]))
            key = (problem.code, problem.message)
            assert after.count(key) < before.count(key), (fix, key)
