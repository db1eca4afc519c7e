"""A large review document: views made of the view before, and lenses around where somebody is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from makeitso.journal.state import RunState, TaskState
from makeitso.lsp.review_actions import review_actions
from makeitso.lsp.review_view import AFTER_HUNKS, BEFORE_HUNKS, view_review
from makeitso.protocol.events import PoliciesInForce
from makeitso.protocol.plan import NoManager, RunOptions, Task

if TYPE_CHECKING:
    from makeitso.lsp.review_view import ReviewView
    from makeitso.protocol.words import HunkState

FILES, HUNKS = 120, 5
STATES: list[HunkState] = ["pending", "accepted", "rejected"]


def name(file: int, hunk: int) -> str:
    return f"{file:06x}{hunk:06x}"


def text_of(states: dict[str, HunkState], *, head: int = 1) -> str:
    lines = ["# review", *(["# more"] * head), "#"]
    for file in range(FILES):
        lines += [f"# [{states[name(file, 0)]} {name(file, 0)}] f{file}: its mode changes"]
        lines += [f"diff --git a/f{file} b/f{file}", "old mode 100644", "new mode 100755"]
        lines += [f"--- a/f{file}", f"+++ b/f{file}"]
        for hunk in range(1, HUNKS):
            id_ = name(file, hunk)
            lines += [f"@@ -{hunk} +{hunk} @@ [{states[id_]} {id_}]", "-a", f"+b{hunk}"]
        lines.append("#")
    return "\n".join((*lines, ""))


def run_of(states: dict[str, HunkState]) -> RunState:
    task = TaskState(id="T1", spec=Task(id="T1", title="do it"), digest="d")
    task.hunks.update(states)
    run = RunState(
        id="r20261122-1",
        goal="g",
        options=RunOptions(manager=NoManager(kind="none"), policy="manual"),
        policies=PoliciesInForce(write_files="ask", run_shell="ask", network="never"),
        started_at=0,
    )
    run.tasks["T1"] = task
    return run


def view_of(text: str, states: dict[str, HunkState], before: ReviewView | None) -> ReviewView:
    view = view_review(text, "r20261122-1-T1", run_of(states), before=before)
    assert view is not None
    return view


ALL = [name(file, hunk) for file in range(FILES) for hunk in range(HUNKS)]


@pytest.mark.parametrize("seed", range(4))
def test_the_view_before_changes_nothing(seed: int) -> None:
    chance = random.Random(seed)
    states: dict[str, HunkState] = dict.fromkeys(ALL, "pending")
    text = text_of(states)
    view = view_of(text, states, None)
    for _ in range(12):
        match chance.randrange(5):
            case 0:  # the journal knows, the document does not yet
                states[chance.choice(ALL)] = chance.choice(STATES)
            case 1:
                states[chance.choice(ALL)] = chance.choice(STATES)
                text = text_of(states)
            case 2:  # everything below is elsewhere
                text = text_of(states, head=chance.randrange(4))
            case 3:  # somebody types
                at = chance.randrange(len(text))
                text = text[:at] + chance.choice(["x", "\n", "\r\n", "# > so\n"]) + text[at:]
            case _:
                states.pop(chance.choice(list(states)))
                states |= dict.fromkeys(set(ALL) - set(states), "pending")
        view = view_of(text, states, view)
        assert view == view_of(text, states, None)


def test_what_is_as_it_was_is_taken_over() -> None:
    states: dict[str, HunkState] = dict.fromkeys(ALL, "pending")
    view = view_of(text_of(states), states, None)
    marked: dict[str, HunkState] = {**states, name(7, 2): "accepted"}
    told = view_of(text_of(states), marked, view)
    assert [n for n in range(FILES) if told.files[n] is not view.files[n]] == [7]
    written = view_of(text_of(marked), marked, told)
    anew = [n for n in range(FILES) if written.files[n] is not told.files[n]]
    assert anew == [7, 8], "what is above a file says which of its hunks have no lines"


def test_lenses_stand_around_where_somebody_is() -> None:
    states: dict[str, HunkState] = dict.fromkeys(ALL, "pending")
    view = view_of(text_of(states), states, None)
    hunks = [hunk for file in view.files for hunk in file.hunks]
    assert view.page(0) == (0, hunks[AFTER_HUNKS].last)
    number = len(hunks) - AFTER_HUNKS // 2
    here = hunks[number]
    first, last = view.page(here.span.line)
    assert first == hunks[number + 1 - BEFORE_HUNKS].span.line
    assert last == view.last
    shown = list(review_actions(view, first=first, last=last))
    assert {action.title for action in shown if action.first == here.span.line} >= {"Accept"}
    assert all(first <= action.last for action in shown if action.first)
    assert len(shown) < len(list(review_actions(view)))
    small = view_of(text_of(states)[:400], states, None)
    assert small.page(3) == (0, small.last)
