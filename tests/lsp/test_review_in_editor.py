"""Places of hunks in a review document, also in one that is older than the change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.state import RunState, TaskState
from makeitso.lsp.review_actions import review_actions, selection_actions
from makeitso.lsp.review_view import names_in, view_review
from makeitso.protocol.events import ChangeProposed, HunkRef, PoliciesInForce
from makeitso.protocol.plan import NoManager, RunOptions, Task

if TYPE_CHECKING:
    from makeitso.protocol.words import HunkState

A, B, C = "a" * 12, "b" * 12, "c" * 12
TEXT = f"""# r20261122-1 T1: Mend
# 2 files
#
diff --git a/a.py b/a.py
index 1..2 100644
--- a/a.py
+++ b/a.py
@@ -1,3 +1,3 @@ [pending {A}] def one():
-x
+y
 same
@@ -10,5 +10,5 @@ [pending {B}]
-x
+y
 same
-x
+y
#
# protected, a person decides: run.sh: executable
# [pending {C}; protected, executable] run.sh: its mode changes
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
"""


def run_with(**states: HunkState) -> RunState:
    task = TaskState(id="T1", spec=Task(id="T1", title="Mend"), digest="")
    task.hunks = dict(zip((A, B, C), states.values(), strict=True))
    task.change = ChangeProposed(
        base_tree="1",
        tree="2",
        commit="3",
        files=2,
        hunks=(
            HunkRef(id=A, path="a.py"),
            HunkRef(id=B, path="a.py"),
            HunkRef(id=C, path="run.sh", must_ask=True),
        ),
        digest="d",
    )
    run = RunState(
        id="r20261122-1",
        goal="g",
        options=RunOptions(manager=NoManager(kind="none"), policy="manual"),
        policies=PoliciesInForce(write_files="ask", run_shell="ask", network="never"),
        started_at=0,
    )
    run.tasks["T1"] = task
    return run


def titles(text: str, run: RunState | None, line: int) -> list[str]:
    view = view_review(text, "r20261122-1-T1", run)
    assert view is not None
    return [a.title for a in review_actions(view) if a.first <= line <= a.last]


def test_names() -> None:
    assert names_in("r20261122-1-T1") == ("r20261122-1", "T1")
    assert names_in("r20261122-12-a.b-c") == ("r20261122-12", "a.b-c")
    assert names_in("notes") is None


def test_each_line_offers_what_belongs_to_it() -> None:
    run = run_with(a="pending", b="accepted", c="pending")
    above = titles(TEXT, run, 0)
    top = ["Accept all", "Reject all", "Reopen all", "Land accepted"]
    assert above == [*top, "Next hunk"]
    file = ["Accept file", "Reject file", "Reopen file"]
    words = ["Edit…", "Comment…"]
    go = ["Show in file", "Show proposal", "Next", "Previous"]
    in_a = titles(TEXT, run, 9)
    assert in_a == [*top, *file, "Accept", "Reject", *words, *go]
    in_b = titles(TEXT, run, 15)
    assert in_b == [*top, *file, "Reject", "Take the mark back", "Split", *words, *go]
    in_script = titles(TEXT, run, 22)
    assert in_script == [*top, "Accept", "Reject", *go], "a whole-file hunk is its file"


def chosen(first: int, last: int, run: RunState) -> dict[str, object]:
    view = view_review(TEXT, "r20261122-1-T1", run)
    assert view is not None
    return {a.title: a.params for a in selection_actions(view, first=first, last=last)}


def test_a_selection_names_exactly_its_lines() -> None:
    run = run_with(a="pending", b="pending", c="pending")
    one = chosen(8, 8, run)
    assert list(one) == [
        "Accept line 1",
        "Reject line 1",
        "Accept only line 1",
        "Comment on line 1…",
    ]
    assert one["Accept only line 1"] == {
        "hunks": [A], "lines": {A: [{"first": 1, "last": 1}]},
        "mark": "accepted", "rest": "rejected",
    }  # fmt: skip
    assert chosen(10, 10, run) == {"Comment on line 3…": {"hunk": A, "to": "comment", "line": 3}}, (
        "an unchanged line cannot be marked"
    )
    both = chosen(9, 13, run)
    assert both["Accept the selected lines of 2 hunks"] == {
        "hunks": [A, B],
        "lines": {A: [{"first": 2, "last": 2}], B: [{"first": 1, "last": 2}]},
        "mark": "accepted",
    }  # fmt: skip
    assert not chosen(0, 6, run)
    landed = run_with(a="landed", b="conflict", c="pending")
    assert list(chosen(8, 13, landed)) == ["Comment on line 2…"]


def test_lines_are_counted_without_what_people_write_between_them() -> None:
    run = run_with(a="pending", b="pending", c="pending")
    lines = TEXT.split("\n")
    lines.insert(9, "# > why?")
    view = view_review("\n".join(lines), "r20261122-1-T1", run)
    assert view is not None
    (title, *_) = (a.title for a in selection_actions(view, first=10, last=10))
    assert title == "Accept line 2"


def test_parts_of_parts_are_hunks() -> None:
    run = run_with(a="pending", b="pending", c="pending")
    run.tasks["T1"].hunks[f"{A}.1.2"] = "accepted"
    text = TEXT.replace(f"[pending {A}]", f"[accepted {A}.1.2; moved, lock-file: why]")
    assert "Join" in titles(text, run, 9)
    view = view_review(text, "r20261122-1-T1", run)
    assert view is not None
    assert view.files[0].hunks[0].folded == "moved"


def test_params_name_exactly_what_is_meant() -> None:
    run = run_with(a="pending", b="accepted", c="landed")
    view = view_review(TEXT, "r20261122-1-T1", run)
    assert view is not None
    by_title = {a.title: a for a in review_actions(view)}
    assert by_title["Accept all"].params == {"hunks": [A], "mark": "accepted"}
    assert by_title["Reject all"].params == {"hunks": [A, B], "mark": "rejected"}
    said = [a.title for a in review_actions(view) if C in str(a.params)]
    assert said == ["Show in file"], "landed is landed"


def test_a_document_older_than_the_change_offers_what_is_still_known() -> None:
    run = run_with(a="pending", b="pending", c="pending")
    del run.tasks["T1"].hunks[B]
    assert "Accept" not in titles(TEXT, run, 15)
    assert "Accept" in titles(TEXT, run, 9)


def test_without_a_run_nothing_is_offered() -> None:
    assert titles(TEXT, None, 9) == []
    assert view_review(TEXT, "notes", None) is None


def test_crlf_and_damage_are_survived() -> None:
    run = run_with(a="pending", b="pending", c="pending")
    assert "Accept" in titles(TEXT.replace("\n", "\r\n"), run, 9)
    for cut in range(0, len(TEXT), 7):
        titles(TEXT[:cut], run, 5)
