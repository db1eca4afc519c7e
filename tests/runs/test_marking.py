"""Marks on lines, splits, joins, and taking them back, over a real journal and real git."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from journal.tape import plan_of
from makeitso.errors import NotFoundError, StateError, UsageError
from makeitso.journal.fold import fold_all
from makeitso.protocol import events as ev
from makeitso.protocol.change import Landing
from makeitso.review import hunks as hunk_rules
from makeitso.runs.editing import edit_hunk
from makeitso.runs.looking import record_look
from makeitso.runs.marking import join_hunk, mark, mark_lines, split_hunk, undo_marks
from makeitso.runs.proposing import proposed
from makeitso.runs.reviewing import present_change
from makeitso.workspace import blobs, snapshots
from runs.run_place import Place, place

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.change import Hunk
    from makeitso.workspace.worktrees import Worktree

LINES = [f"{n}\n".encode() for n in range(1, 41)]
BASE = {"n.txt": b"".join(LINES), "other.txt": b"other\n"}


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return place(tmp_path, monkeypatch, plan=plan_of("T1"), files=BASE)


_MADE: dict[Path, Worktree] = {}
"""Worktrees, so that a second proposal is made where the first was."""


def numbers(lines: dict[int, str]) -> bytes:
    return b"".join(
        f"{lines[n]}\n".encode() if n in lines else old for n, old in enumerate(LINES, start=1)
    )


def propose(there: Place, name: str = "proposal", **files: bytes) -> None:
    path = there.ctx.ports.places.worktrees / f"{there.ctx.run_id}-T1"
    tree = _MADE[path] if path in _MADE else there.base("T1")
    _MADE[path] = tree
    for file, data in files.items():
        (tree.path / f"{file}.txt").write_bytes(data)
    ctx = there.ctx
    taken = snapshots.take(ctx.ports.repo, tree, run=ctx.run_id, task="T1", name=name)
    data = proposed(
        ctx.ports.repo, ctx.run_id, ctx.task("T1"), tree=taken.tree, commit=taken.commit
    )
    ctx.append(data, task="T1", phase="task")


def shown(there: Place) -> list[Hunk]:
    change = present_change(there.ctx.ports.repo, there.ctx.run_id, there.ctx.task("T1"))
    return [hunk for file in change.files for hunk in file.hunks]


def states(there: Place) -> dict[str, str]:
    """State by changed lines."""
    return {
        " ".join(line for line in hunk.diff.split("\n")[1:] if line[:1] in ("+", "-")): hunk.state
        for hunk in shown(there)
    }


def accepted_text(there: Place) -> bytes:
    change = present_change(there.ctx.ports.repo, there.ctx.run_id, there.ctx.task("T1"))
    (file,) = (file for file in change.files if file.path == "n.txt")
    assert file.base_blob is not None
    assert file.new_blob is not None
    found = blobs.read(there.ctx.ports.repo, [file.base_blob, file.new_blob])
    accepted = [hunk for hunk in file.hunks if hunk.state == "accepted"]
    return hunk_rules.apply(found[file.base_blob], found[file.new_blob], accepted)


def lines(there: Place, chosen: dict[str, list[tuple[int, int]]], **how: object) -> None:
    fields = {"to": "accepted", **how}
    mark_lines(there.ctx.book, there.ctx.ports.repo, chosen, **fields)  # pyright: ignore[reportArgumentType]


def test_chosen_lines_are_accepted_and_the_rest_waits_or_is_rejected(there: Place) -> None:
    propose(there, n=numbers({2: "two", 3: "three", 4: "four"}))
    (hunk,) = shown(there)
    assert hunk.diff.split("\n")[2:8] == ["-2", "-3", "-4", "+two", "+three", "+four"]
    lines(there, {hunk.id: [(3, 3), (6, 6)]})
    assert states(there) == {"-2 +two": "pending", "-3 +three": "accepted", "-4 +four": "pending"}
    assert accepted_text(there) == numbers({3: "three"})
    first = shown(there)[0]
    number = first.diff.split("\n")[1:].index("+two") + 1
    lines(there, {first.id: [(number, number)]}, to="rejected", rest="accepted")
    assert states(there)["-2"] == "accepted"
    assert states(there)["+two"] == "rejected"
    assert accepted_text(there) == numbers({3: "three"}).replace(b"1\n2\n", b"1\n", 1)
    # What the journal alone says is the same.
    again = fold_all(there.ctx.book.journal.read())[there.ctx.run_id].tasks["T1"]
    assert again.hunks == there.ctx.task("T1").hunks
    assert list(again.hunks) == [hunk.id for hunk in shown(there)]


def test_all_lines_are_the_hunk_and_nothing_is_cut(there: Place) -> None:
    propose(there, n=numbers({2: "two"}), other=b"mine\n")
    one, two = shown(there)
    lines(there, {one.id: [(1, 4)]}, whole=[two.id])
    assert there.ctx.task("T1").splits == {}
    assert set(states(there).values()) == {"accepted"}


def test_what_cannot_be_chosen_changes_nothing(there: Place) -> None:
    propose(there, n=numbers({2: "two", 20: "twenty"}), fresh=b"no\0text\n")
    fresh, first, second = shown(there)
    before = there.ctx.book.journal.last_seq()
    with pytest.raises(UsageError, match="has no lines"):
        lines(there, {first.id: [(2, 2)], second.id: [(90, 91)]})
    with pytest.raises(StateError, match="no lines of text"):
        lines(there, {fresh.id: [(1, 1)]})
    with pytest.raises(NotFoundError):
        lines(there, {first.id: [(2, 2)]}, whole=["0" * 12])
    assert there.ctx.book.journal.last_seq() == before
    ids = split_hunk(there.ctx.book, there.ctx.ports.repo, first.id, at=3)
    with pytest.raises(StateError, match="stands as its parts") as caught:
        lines(there, {first.id: [(2, 2)]})
    assert ids[0] in caught.value.hint


def test_parts_are_split_again_and_joined_step_by_step(there: Place) -> None:
    propose(there, n=numbers({2: "two", 4: "four", 6: "six"}))
    book, repo = there.ctx.book, there.ctx.ports.repo
    (whole,) = shown(there)
    one, two = split_hunk(book, repo, whole.id, at=5)
    inner = split_hunk(book, repo, two)
    assert inner == (f"{two}.1", f"{two}.2")
    assert list(there.ctx.task("T1").hunks) == [one, *inner]
    mark(book, [whole.id], "accepted")
    assert set(states(there).values()) == {"accepted"}, "a mark on the whole is one on all parts"
    mark(book, [inner[0]], "rejected")
    assert join_hunk(book, inner[1]) == two
    assert there.ctx.task("T1").hunks == {one: "accepted", two: "pending"}
    mark(book, [two], "accepted")
    assert join_hunk(book, whole.id) == whole.id
    assert [(hunk.id, hunk.state) for hunk in shown(there)] == [(whole.id, "accepted")]
    assert shown(there)[0].diff == whole.diff
    with pytest.raises(StateError, match="is not split"):
        join_hunk(book, whole.id)


def test_a_hunk_of_which_a_part_has_landed_is_not_joined(there: Place) -> None:
    propose(there, n=numbers({2: "two", 4: "four"}))
    (whole,) = shown(there)
    one, _ = split_hunk(there.ctx.book, there.ctx.ports.repo, whole.id)
    landed(there, one)
    with pytest.raises(StateError, match="has landed"):
        join_hunk(there.ctx.book, whole.id)


def landed(there: Place, *ids: str) -> None:
    done = Landing(
        id="l1", run=there.ctx.run_id, task="T1", landed=ids, conflicts=(), files=("n.txt",),
        merged=False, target="files",
    )  # fmt: skip
    there.ctx.append(ev.LandingEnded(landing=done), task="T1")


def test_everything_done_is_taken_back_step_by_step(there: Place) -> None:
    propose(there, n=numbers({2: "two", 3: "three", 20: "twenty"}), other=b"mine\n")
    book, repo = there.ctx.book, there.ctx.ports.repo
    ids = [hunk.id for hunk in shown(there)]
    seen = [dict(there.ctx.task("T1").hunks)]

    def did() -> None:
        seen.append(dict(there.ctx.task("T1").hunks))

    mark(book, [ids[0]], "rejected", because="no")
    did()
    lines(there, {ids[0]: [(2, 2), (4, 4)]}, rest="rejected", whole=[ids[1]])
    did()
    mark(book, [ids[0]], "pending")
    did()
    join_hunk(book, ids[0])
    did()
    split_hunk(book, repo, ids[0], at=3)
    did()
    mark(book, [ids[2], f"{ids[0]}.1"], "accepted")
    assert len(seen) == 6
    while seen:
        undone = undo_marks(book)
        assert list(there.ctx.task("T1").hunks.items()) == list(seen.pop().items())
        assert undone.hunks
    assert there.ctx.task("T1").splits == {}
    with pytest.raises(StateError, match="no mark"):
        undo_marks(book)


def test_a_reason_comes_back_with_its_mark(there: Place) -> None:
    propose(there, n=numbers({2: "two"}))
    (hunk,) = shown(there)
    mark(there.ctx.book, [hunk.id], "rejected", because="no")
    mark(there.ctx.book, [hunk.id], "accepted")
    assert shown(there)[0].reason == ""
    undo_marks(there.ctx.book)
    assert (shown(there)[0].state, shown(there)[0].reason) == ("rejected", "no")


def test_what_has_landed_is_not_taken_back_by_this(there: Place) -> None:
    propose(there, n=numbers({2: "two", 20: "twenty"}))
    one, two = shown(there)
    mark(there.ctx.book, [two.id], "rejected")
    mark(there.ctx.book, [one.id], "accepted")
    landed(there, one.id)
    undo_marks(there.ctx.book)
    assert there.ctx.task("T1").hunks == {one.id: "landed", two.id: "pending"}
    with pytest.raises(StateError, match="landed or is gone"):
        undo_marks(there.ctx.book)


def test_marks_of_lines_survive_an_edit_of_another_hunk_and_a_new_round(there: Place) -> None:
    propose(there, n=numbers({2: "two", 3: "three", 20: "twenty"}))
    book, repo = there.ctx.book, there.ctx.ports.repo
    first, second = shown(there)
    lines(there, {first.id: [(2, 2), (4, 4)]}, rest="rejected")
    kept = states(there)
    edit_hunk(book, repo, second.id, second.diff.replace("+twenty", "+XX"))
    assert states(there) == {
        **{k: v for k, v in kept.items() if "20" not in k}, "-20 +XX": "accepted",
    }  # fmt: skip
    propose(there, name="second", n=numbers({2: "two", 3: "three", 20: "XX", 30: "thirty"}))
    assert states(there) == {
        "-2 +two": "accepted", "-3 +three": "rejected", "-20 +XX": "accepted",
        "-30 +thirty": "pending",
    }  # fmt: skip


def test_what_is_new_since_the_last_look(there: Place) -> None:
    propose(there, n=numbers({2: "two", 20: "twenty"}))
    book, run = there.ctx.book, there.ctx.run_id
    assert not any("new" in hunk.flags for hunk in shown(there)), "nobody has looked yet"
    first, second = shown(there)
    assert record_look(book, run, "T1", [first.id, second.id]) == (first.id, second.id)
    assert record_look(book, run, "T1", [first.id]) == ()
    split_hunk(book, there.ctx.ports.repo, first.id, at=3)
    assert not any("new" in hunk.flags for hunk in shown(there)), "a part was seen with its hunk"
    propose(there, name="second", n=numbers({2: "two", 20: "twenty", 30: "thirty"}))
    assert ["new" in hunk.flags for hunk in shown(there)] == [False, False, False, True]
    mark(book, [shown(there)[-1].id], "accepted")
    assert not any("new" in hunk.flags for hunk in shown(there))
