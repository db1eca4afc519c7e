"""The table of docs/policies.md is what people are asked: each cell is read there and played."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from journal.played import Played
from journal.tape import Tape, options
from makeitso.plans.read import read_text
from makeitso.protocol.words import ApprovalPolicy

if TYPE_CHECKING:
    from makeitso.protocol.plan import Plan

PAGE = Path(__file__).parents[2] / "docs/policies.md"
POLICIES: tuple[ApprovalPolicy, ...] = get_args(ApprovalPolicy)
PLACES = {
    "the run: `--approval`": "",
    "the plan: `approval = \"…\"`": '\n```toml\napproval = "{}"\n```\n',
    "a task: `- approval: …`": "  - approval: {}\n",
    "a phase: `- task: …`": "  - task: {}\n",
}  # fmt: skip


def documented() -> dict[tuple[str, str], list[str]]:
    """The cells of the table, by the place a policy is set at and the policy."""
    lines = PAGE.read_text("utf-8").split("| set for |", 1)[1].split("\n\n", 1)[0].splitlines()
    heads = [cell.strip(" `") for cell in lines[0].strip("| ").split("|")]
    found: dict[tuple[str, str], list[str]] = {}
    for line in lines[2:]:
        place, *cells = (cell.strip() for cell in line.strip("| ").split(" | "))
        for policy, cell in zip(heads, cells, strict=True):
            found[place, policy] = cell.split(", ")
    return found


def plan_with(setting: str) -> Plan:
    text = f"# T\n\nG.\n\n- [ ] **T1** Do it\n  - done when: `true`\n{setting}"
    read = read_text(text, plan_id="p")
    assert not [p for p in read.problems if p.severity == "error"], read.problems
    return read.plan


def shown(question: str) -> str:
    """`phase verify T1` as the table has it."""
    kind, _, rest = question.partition(" ")
    return rest.split()[0] if kind == "phase" else kind


def test_the_table_has_every_place_and_policy() -> None:
    assert set(documented()) == {(place, policy) for place in PLACES for policy in POLICIES}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("policy", POLICIES)
def test_what_the_table_says_is_asked(place: str, policy: ApprovalPolicy) -> None:
    for_run = not PLACES[place]
    tape = Tape().created(options(policy if for_run else "delegate"))
    plan = plan_with(PLACES[place].format(policy))
    done = Played(tape, plan).play()
    assert [shown(question) for question in done.questions] == documented()[place, policy]
    assert done.tape.state.finished is not None
    assert done.tape.state.finished.state == "done"
