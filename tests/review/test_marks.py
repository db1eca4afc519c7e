from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makeitso.errors import UsageError
from makeitso.protocol.change import Change, ChangedFile, Hunk
from makeitso.review import hunks, marks
from review.changed_trees import standing

if TYPE_CHECKING:
    from makeitso.protocol.words import HunkState

DIFF = "@@ -1,7 +1,7 @@ def f\n-a\n+A\n b\n c\n d\n e\n-f\n+F\n g\n"


def hunk(name: str, state: HunkState = "pending", *flags: str, kind: str = "text") -> Hunk:
    return Hunk.model_validate(
        {
            "id": name,
            "run": "r1",
            "task": "T1",
            "path": "p",
            "kind": kind,
            "old_start": 1,
            "old_lines": 7,
            "new_start": 1,
            "new_lines": 7,
            "diff": DIFF,
            "state": state,
            "flags": flags,
            "reason": "it is a symbolic link" if state == "refused" else "",
        }
    )


def change(*found: Hunk) -> Change:
    file = ChangedFile(
        path="p",
        status="modified",
        base_blob="1" * 40,
        new_blob="2" * 40,
        base_mode="100644",
        new_mode="100644",
        hunks=found,
    )
    return Change(run="r1", task="T1", base_tree="3" * 40, tree="4" * 40, files=(file,))


def test_what_is_protected_and_open_holds_the_change() -> None:
    whole = change(hunk("a", "accepted"), hunk("b"), hunk("c", "pending", "protected"))
    assert [item.id for item in marks.held(whole)] == ["c"]
    whole = marks.with_states(whole, {"c": "rejected"}, reasons={"c": "no"})
    assert marks.held(whole) == ()
    found = marks.find(whole, "c")
    assert found is not None
    assert found.reason == "no"
    assert marks.find(whole, "zzz") is None


def test_a_recorded_state_does_not_undo_a_refusal() -> None:
    whole = marks.with_states(change(hunk("a", "refused")), {"a": "accepted"})
    assert [item.state for item in marks.all_hunks(whole)] == ["refused"]


def test_splitting_at_unchanged_lines() -> None:
    first, second = hunks.split(hunk("abc"))
    assert (first.id, second.id) == ("abc.1", "abc.2")
    assert first.diff == "@@ -1,3 +1,3 @@ def f\n-a\n+A\n b\n c\n"
    assert second.diff == "@@ -4,4 +4,4 @@ def f\n d\n e\n-f\n+F\n g\n"
    assert hunks.split(first) == (first,)
    split = standing(change(hunk("abc")), {"abc"})
    assert [item.id for item in marks.all_hunks(split)] == ["abc.1", "abc.2"]
    for wrong in ((first,), (second, first), (first, hunk("abd"))):
        with pytest.raises(UsageError):
            hunks.join(wrong)


def test_whole_file_hunks_do_not_split() -> None:
    whole = hunk("abc", kind="create")
    assert hunks.split(whole) == (whole,)
