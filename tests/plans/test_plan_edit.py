from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from makeitso.errors import NotFoundError, UsageError
from makeitso.plans.edit import apply, insert_task, rename, set_done
from makeitso.plans.outline import outline, place_at, references, task_at
from makeitso.plans.read import read_text
from makeitso.plans.syntax import parse
from plans.plan_strategies import any_text

if TYPE_CHECKING:
    from makeitso.protocol.plan import Plan

TEXT = (
    "# T\r\n\r\ng\r\n\r\n- [ ] **T1** a\r\n  - after: `b`, **b**\r\n\r\n  body b\r\n\r\n"
    "* [x] **b** B b"
)


def plan_of(text: str) -> Plan:
    return read_text(text, plan_id="p").plan


@given(any_text, st.booleans())
@settings(max_examples=200, deadline=None)
def test_ticking_changes_one_character_and_only_the_box(text: str, done: bool) -> None:
    document = parse(text)
    for item in document.items:
        if item.id is None:
            continue
        first = next(i for i, x in enumerate(document.items) if x.id and x.id.text == item.id.text)
        try:
            edit = set_done(document, item.id.text, done=done)
        except NotFoundError:
            assert document.items[first].box.text == ""
            continue
        if edit is None:
            assert document.items[first].ticked == done
            continue
        after = apply(text, [edit])
        assert len(after) == len(text)
        assert sum(a != b for a, b in zip(text, after, strict=True)) == 1
        tasks = list(plan_of(text).tasks)
        tasks[first] = tasks[first].model_copy(update={"done": done})
        assert list(plan_of(after).tasks) == tasks


def test_renaming_reaches_every_after() -> None:
    edits = rename(parse(TEXT), "b", "docs")
    assert len(edits) == 3
    after = apply(TEXT, edits)
    assert after == TEXT.replace("`b`, **b**", "`docs`, **docs**").replace("**b** B", "**docs** B")
    assert plan_of(after).tasks[0].after == ("docs", "docs")
    assert rename(parse(TEXT), "b", "b") == ()


@pytest.mark.parametrize("new", ["T1", "1", "a b", ""])
def test_renaming_refuses(new: str) -> None:
    with pytest.raises(UsageError):
        rename(parse(TEXT), "b", new)
    with pytest.raises(NotFoundError):
        rename(parse(TEXT), "gone", "x")


@given(any_text)
@example("---\r")
@example("0. [] **0**\r")
@settings(max_examples=100, deadline=None)
def test_an_inserted_task_is_there_and_the_others_are_as_before(text: str) -> None:
    document = parse(text)
    blocks = document.blocks
    after = apply(text, [insert_task(document, title="New one")])
    old, new = plan_of(text), plan_of(after)
    if document.items or not any(getattr(block, "closed", True) is False for block in blocks):
        assert [task.title for task in new.tasks[-1:]] == ["New one"]
        assert new.tasks[:-1] == old.tasks
        assert new.goal == old.goal


def test_inserting_below_a_task() -> None:
    after = apply(TEXT, [insert_task(parse(TEXT), after="T1", title="n", waits=True)])
    assert after == TEXT.replace("body b\r\n", "body b\r\n\r\n- [ ] **T2** n\r\n  - after: T1\r\n")
    with pytest.raises(UsageError):
        insert_task(parse(TEXT), task_id="T1")


def test_places_for_an_editor() -> None:
    plan = outline(read_text(TEXT, plan_id="p"))
    kinds = [place_at(plan, line, 0).kind for line in range(10)]
    assert kinds == [
        *["heading", "elsewhere", "goal", "elsewhere"],
        *["task"] * 4,
        *["elsewhere", "task"],
    ]
    parts = {
        (4, 3): "box",
        (4, 9): "id",
        (4, 13): "title",
        (5, 5): "key",
        (5, 10): "value",
        (5, 12): "after",
        (7, 4): "body",
        (4, 0): "line",
    }
    for (line, column), part in parts.items():
        assert place_at(plan, line, column).part == part, (line, column)
    assert place_at(plan, 5, 12).word == "b"
    assert task_at(plan, 9) == plan.tasks[1]
    assert task_at(plan, 8) is None
    assert [span.line for span in references(plan, "b")] == [9, 5, 5]
