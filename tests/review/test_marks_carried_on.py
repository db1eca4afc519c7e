"""Marks of a change from elsewhere on its next round, whose base has moved."""

from __future__ import annotations

from makeitso.protocol.change import Change, ChangedFile, Hunk
from makeitso.review.carrying import renamed


def change(base: str, *hunks: tuple[str, str], kind: str = "text") -> Change:
    """One file; each hunk by its id and its line that is put in."""
    made = tuple(
        Hunk.model_validate(
            {
                "id": name, "run": "r", "task": "T1", "path": "f", "kind": kind,
                "old_start": 1, "old_lines": 1, "new_start": 1, "new_lines": 1,
                "diff": f"@@ -{number} +{number} @@ def {base}\n {base}\n-old\n+{line}\n",
            }
        )
        for number, (name, line) in enumerate(hunks, start=1)
    )  # fmt: skip
    file = ChangedFile(
        path="f", status="modified", base_blob=base, new_blob="n", base_mode="100644",
        new_mode="100644", hunks=made,
    )  # fmt: skip
    return Change(run="r", task="T1", base_tree=base, tree="t", files=(file,))


def test_the_same_lines_on_another_base_are_the_same_hunk() -> None:
    before = change("b", ("one", "x"), ("two", "y"))
    assert renamed(before, change("c", ("1", "y"), ("2", "z"))) == {"1": "two"}


def test_what_kept_its_id_is_not_renamed() -> None:
    before = change("b", ("one", "x"), ("two", "y"))
    assert renamed(before, change("c", ("one", "x"), ("2", "y"))) == {"2": "two"}


def test_as_many_that_say_the_same_are_each_their_own_again() -> None:
    before = change("b", ("one", "x"), ("two", "x"))
    assert renamed(before, change("c", ("1", "x"), ("2", "x"))) == {"1": "one", "2": "two"}


def test_when_one_of_them_is_gone_or_come_nobody_says_which() -> None:
    two, one = (("one", "x"), ("two", "x")), (("1", "x"),)
    assert renamed(change("b", *two), change("c", *one)) == {}
    assert renamed(change("b", *one), change("c", *two)) == {}


def test_a_whole_file_is_no_lines_of_it() -> None:
    before = change("b", ("one", "x"))
    assert renamed(before, change("c", ("1", "x"), kind="create")) == {}
