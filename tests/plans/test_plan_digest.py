from __future__ import annotations

import json
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.plans.canonical import canonical_task
from makeitso.plans.difference import difference
from makeitso.plans.digest import digest_of, plan_canonical, plan_digest, task_digest
from makeitso.plans.edit import apply, set_done
from makeitso.plans.read import read_text
from makeitso.plans.syntax import parse
from makeitso.protocol.plan import Check, Phase, Plan, Policies, Task
from makeitso.protocol.wait import WaitFor
from plans.plan_strategies import plans, tasks

TEXT = """\
# Title of the plan

The goal is to do this and that, in several words over more than one line.

- [ ] **T1** First thing
  - files: `b/**`, `a.py`
  - done when: `make test`
  - after: T2, T3

  Some prose that is long enough to be wrapped in a narrow column by an editor.

  * one item that goes on for a while and then some
  * two

  ```py
  def f():
      return 1
  ```
- [ ] **T2** Second
- [ ] **T3** Third
"""
SAME = """\
# Title   of the plan

The goal is to do this
and that, in several words
over more than one line.

*   [X] **T1**   First thing

    - files: ./a.py `b/**`
    - done when:   `make test`
    - after: T3, T2

    Some prose that is
    long enough to be wrapped
    in a narrow column by
    an editor.
    1. one item that goes on
       for a while and then some
    2. two

    ```py
    def f():
        return 1
    ```

* [ ] **T2** Second

* [ ] **T3** Third
"""


def plan_of(text: str) -> Plan:
    return read_text(text, plan_id="p").plan


def test_layout_and_ticks_do_not_count() -> None:
    assert [task_digest(task) for task in plan_of(SAME).tasks] == [
        task_digest(task) for task in plan_of(TEXT).tasks
    ]
    assert plan_digest(plan_of(SAME)) == plan_digest(plan_of(TEXT))


@given(
    st.lists(st.from_regex(r"[a-zA-Z,`]{1,9}", fullmatch=True), min_size=1, max_size=40),
    st.integers(10, 60),
    st.integers(10, 60),
)
@settings(max_examples=100, deadline=None)
def test_wrapping_prose_does_not_count(words: list[str], left: int, right: int) -> None:
    prose = " ".join(words)
    if "```" in prose:
        return
    wrapped = [
        Task(id="T1", title="t", goal=textwrap.fill(prose, width)) for width in (left, right)
    ]
    assert task_digest(wrapped[0]) == task_digest(wrapped[1])


@given(plans)
@settings(max_examples=80, deadline=None)
def test_ticking_does_not_count_and_the_form_can_be_stored(plan: Plan) -> None:
    done = [task.model_copy(update={"done": not task.done}) for task in plan.tasks]
    assert plan_digest(plan.model_copy(update={"tasks": tuple(done)})) == plan_digest(plan)
    form = plan_canonical(plan)
    stored = json.loads(json.dumps(form))
    assert digest_of(stored) == plan_digest(plan)
    assert difference(stored, form) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "T9"}, "id: “T1” → “T9”"),
        ({"title": "First other"}, "title: “First thing” → “First other”"),
        ({"goal": "Some prose that is short."}, "goal: “… that is long"),
        ({"files": ("a.py",)}, "files: - `b/**`"),
        (
            {"checks": (Check(command="make test", timeout_s=5.0),)},
            "done when: + `make test` timeout 5.0s, - `make test` timeout 600.0s",
        ),
        ({"after": ("T2", "T3", "T4")}, "after: + `T4`"),
        ({"priority": 10}, "priority: unset → `10`"),
        ({"repo": "web"}, "repo: unset → `web`"),
        ({"wait": WaitFor(until="18:00")}, "wait: unset → `until 18:00`"),
        ({"worker": "codex"}, "worker: unset → `codex`"),
        ({"skills": ("x",)}, "skills: + `x`"),
        ({"approval": "delegate"}, "approval: unset → `delegate`"),
        ({"policies": Policies(network="auto")}, "policies: network unset → `auto`"),
        ({"budget_tokens": 5}, "budget: unset → `5`"),
        ({"budget_s": 90}, "budget in seconds: unset → `90`"),
        ({"phases": (Phase(name="task", budget_tokens=7),)}, "phases: + `task 7`"),
        ({"phases": (Phase(name="task", budget_s=9),)}, "phases: + `task 9`"),
    ],
)
def test_intent_counts_and_the_difference_says_what(change: dict[str, object], said: str) -> None:
    old = plan_of(TEXT).tasks[0]
    new = old.model_copy(update=change)
    assert task_digest(new) != task_digest(old)
    lines = difference(canonical_task(old), canonical_task(new))
    assert len(lines) == 1
    assert lines[0].startswith(said)


@pytest.mark.parametrize(
    "goal",
    [
        "return 1\n```",
        "x\n  return 1",
        "a\n\nb",
        "- a\n- b",
        "a - b",
        "# a",
        "a",
        "```\na\n```",
        "",
    ],
)
def test_blocks_are_told_apart(goal: str) -> None:
    others = ["return 1", "a\n- b\n", "```\n  a\n```", "## a", "- a", "b a"]
    mine = task_digest(Task(id="T1", title="t", goal=goal))
    assert all(task_digest(Task(id="T1", title="t", goal=other)) != mine for other in others)


@given(tasks(), tasks())
@settings(max_examples=100, deadline=None)
def test_two_tasks_differ_exactly_when_their_digests_do(one: Task, other: Task) -> None:
    old, new = canonical_task(one), canonical_task(other)
    assert bool(difference(old, new)) == (digest_of(old) != digest_of(new))


def test_the_plan_counts_its_own_words_and_the_order_of_tasks() -> None:
    plan = plan_of(TEXT)
    form = plan_canonical(plan)
    changes: list[dict[str, object]] = [
        {"title": "x"},
        {"goal": "x"},
        {"approval": "manual"},
        {"budget_tokens": 1},
        {"budget_s": 1},
        {"max_concurrency": 1},
        {"policies": Policies(network="never")},
        {"tasks": plan.tasks[::-1]},
        {"tasks": plan.tasks[:2]},
    ]
    said = [difference(form, plan_canonical(plan.model_copy(update=change))) for change in changes]
    assert all(len(lines) == 1 for lines in said)
    assert said[7] == ["tasks stand in another order"]
    assert said[8] == ["task T3 was removed"]
    assert plan_digest(plan.model_copy(update={"id": "other"})) == plan_digest(plan)


def test_the_digest_is_pinned() -> None:
    # A digest that moves between versions voids every approval people have given.
    assert task_digest(Task(id="T1", title="t", goal="a b", checks=(Check(command="x"),))) == PINNED


def test_ticking_in_the_text_keeps_the_digest() -> None:
    edit = set_done(parse(TEXT), "T1", done=True)
    assert edit is not None
    after = apply(TEXT, [edit])
    assert sum(a != b for a, b in zip(TEXT, after, strict=True)) == 1
    assert plan_digest(plan_of(after)) == plan_digest(plan_of(TEXT))


PINNED = "02f63ba251526c3e545ebb25257eb48b528c7e65d30585f31ef8978576762d8b"
