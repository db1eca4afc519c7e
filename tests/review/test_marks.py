from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makeitso.errors import PolicyDenied, StateError, UsageError
from makeitso.protocol.change import Change, ChangedFile, Hunk
from makeitso.review import hunks, marks

if TYPE_CHECKING:
    from makeitso.protocol.words import Actor, HunkState, Mark

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


@pytest.mark.parametrize("state", ["pending", "accepted", "rejected", "conflict"])
@pytest.mark.parametrize("mark", ["pending", "accepted", "rejected"])
@pytest.mark.parametrize("actor", ["person", "policy"])
def test_marks_can_be_changed_until_landed(state: HunkState, mark: Mark, actor: Actor) -> None:
    assert marks.mark(hunk("a", state), mark, actor=actor) == mark


@pytest.mark.parametrize("mark", ["pending", "accepted", "rejected"])
def test_landed_is_final(mark: Mark) -> None:
    with pytest.raises(StateError):
        marks.mark(hunk("a", "landed"), mark, actor="person")


def test_refused_cannot_be_accepted() -> None:
    with pytest.raises(StateError, match="symbolic link"):
        marks.mark(hunk("a", "refused"), "accepted", actor="person")
    assert marks.mark(hunk("a", "refused"), "rejected", actor="person") == "refused"


def test_a_policy_rejects_but_never_accepts_what_is_protected() -> None:
    with pytest.raises(PolicyDenied):
        marks.mark(hunk("a", "pending", "protected"), "accepted", actor="policy")
    assert marks.mark(hunk("a", "pending", "protected"), "rejected", actor="policy") == "rejected"
    assert marks.mark(hunk("a", "pending", "protected"), "accepted", actor="person") == "accepted"


@pytest.mark.parametrize("actor", ["worker", "manager", "engine", "monitor"])
def test_nobody_else_marks(actor: Actor) -> None:
    with pytest.raises(PolicyDenied):
        marks.mark(hunk("a"), "rejected", actor=actor)


def test_settled_held_and_landable() -> None:
    whole = change(hunk("a", "accepted"), hunk("b"), hunk("c", "pending", "protected"))
    assert not marks.settled(whole)
    assert [item.id for item in marks.held(whole)] == ["c"]
    assert marks.landable(whole) == ()
    whole = marks.with_states(whole, {"c": "rejected"}, reasons={"c": "no"})
    assert marks.held(whole) == ()
    assert [item.id for item in marks.landable(whole)] == ["a"]
    assert not marks.settled(whole)
    whole = marks.with_states(whole, {"b": "conflict"})
    assert marks.settled(whole)
    found = marks.find(whole, "c")
    assert found is not None
    assert found.reason == "no"
    assert marks.find(whole, "zzz") is None
    assert marks.counts(whole) == {"accepted": 1, "conflict": 1, "rejected": 1}


def test_a_recorded_state_does_not_undo_a_refusal() -> None:
    whole = marks.with_states(change(hunk("a", "refused")), {"a": "accepted"})
    assert marks.counts(whole) == {"refused": 1}


def test_policy_may_land_only_what_is_ordinary() -> None:
    plain = change(hunk("a"))
    assert marks.policy_may_land(plain)
    (file,) = plain.files
    for odd in ({"protected": "x"}, {"refused": "x"}):
        files = (file.model_copy(update=odd),)
        assert not marks.policy_may_land(plain.model_copy(update={"files": files}))


def test_splitting_at_unchanged_lines() -> None:
    first, second = hunks.split(hunk("abc"))
    assert (first.id, second.id) == ("abc.1", "abc.2")
    assert first.diff == "@@ -1,3 +1,3 @@ def f\n-a\n+A\n b\n c\n"
    assert second.diff == "@@ -4,4 +4,4 @@ def f\n d\n e\n-f\n+F\n g\n"
    assert hunks.split(first) == (first,)
    split = marks.with_splits(change(hunk("abc")), {"abc"})
    assert [item.id for item in marks.all_hunks(split)] == ["abc.1", "abc.2"]
    for wrong in ((first,), (second, first), (first, hunk("abd"))):
        with pytest.raises(UsageError):
            hunks.join(wrong)


def test_whole_file_hunks_do_not_split() -> None:
    whole = hunk("abc", kind="create")
    assert hunks.split(whole) == (whole,)
