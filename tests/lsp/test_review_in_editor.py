"""Places of hunks in a review document, also in one that is older than the change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.state import RunState, TaskState
from makeitso.lsp.review_actions import review_actions
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
    top = titles(TEXT, run, 0)
    assert top == ["Accept all", "Reject all", "Land accepted"]
    in_a = titles(TEXT, run, 9)
    assert in_a == [*top, "Accept file", "Reject file", "Accept", "Reject"]
    in_b = titles(TEXT, run, 15)
    assert in_b == [*top, "Accept file", "Reject file", "Reject", "Take the mark back", "Split"]
    in_script = titles(TEXT, run, 21)
    assert in_script == [*top, "Accept", "Reject"], "a whole-file hunk is its file"


def test_params_name_exactly_what_is_meant() -> None:
    run = run_with(a="pending", b="accepted", c="landed")
    view = view_review(TEXT, "r20261122-1-T1", run)
    assert view is not None
    by_title = {a.title: a for a in review_actions(view)}
    assert by_title["Accept all"].params == {"hunks": [A], "mark": "accepted"}
    assert by_title["Reject all"].params == {"hunks": [A, B], "mark": "rejected"}
    assert not [a for a in review_actions(view) if C in str(a.params)], "landed is landed"


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
