"""The question about a plan says all that is approved with it, in every door."""

from __future__ import annotations

from journal.tape import Tape, options
from makeitso.plans.read import read_text
from makeitso.runs.plan_words import described

DOCUMENT = """# Dates

They parse.

- [ ] **T1** Fix the parser
  - files: `src/**`
  - done when: `pytest -q` (was: failing)
  - priority: high
  - policies: network never
  - approval: manual
  - budget: 120k tokens, 30 min
  - wait: until `make ready` every 1m for 2h
  - skills: dates
  - verify: confirm-phase, 5k tokens

- [ ] **T2** Document it
  - after: T1
  - worker: codex

```toml
approval = "manual"
budget_tokens = 200_000
max_concurrency = 1
```
"""


def said(*, budget: int = 500_000, budget_s: int = 0, pause_s: float = 0.0) -> list[str]:
    tape = Tape().created(options(budget_tokens=budget, budget_s=budget_s))
    tape.planned(read_text(DOCUMENT, plan_id="p").plan, granted=False)
    return described(tape.state, pause_s=pause_s)


def test_every_key_of_the_document_is_in_the_question() -> None:
    lines = {line.strip() for line in said()}
    keys = [line.strip() for line in DOCUMENT.splitlines() if line.startswith("  - ")]
    assert len(keys) == 11
    assert [key for key in keys if key.removeprefix("- ") not in lines] == []
    assert {'approval = "manual"', "max_concurrency = 1"} <= lines
    assert "no check: nothing will prove that T2 is done" in lines


def test_the_lower_ceiling_is_what_it_may_cost() -> None:
    assert "all of it may cost: 200k tokens" in said()
    assert "all of it may cost: 50k tokens, 2 h" in said(budget=50_000, budget_s=7200)


def test_a_pause_the_settings_ask_for_is_said_where_the_task_has_no_wait_of_its_own() -> None:
    lines = said(pause_s=300)
    assert [n for n, line in enumerate(lines) if "pre_task_wait_s" in line] == [len(lines) - 2]
    assert "wait: 5m ([wait] pre_task_wait_s)" in lines[-2]
