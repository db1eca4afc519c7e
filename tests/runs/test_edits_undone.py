"""An edit leaves what stands beside it its mark, and is taken back like one."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from journal.tape import plan_of
from makeitso.errors import StateError
from makeitso.journal.fold import fold_all
from makeitso.protocol import events as ev
from makeitso.protocol.change import Landing
from makeitso.review import hunks as hunk_rules
from makeitso.runs.editing import edit_hunk
from makeitso.runs.file_edits import save_file
from makeitso.runs.marking import mark, mark_lines, split_hunk, undo_marks
from makeitso.runs.proposing import proposed
from makeitso.runs.reviewing import present_change
from makeitso.runs.steps.review import take_answer
from makeitso.workspace import blobs, trees
from runs.run_place import Place, place

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.change import ChangedFile, Hunk

SENT_BACK = ev.TaskSentBack(
    tree="t", commit="c", ref="r", comments=(), accepted=(), rejected=(), open=(),
    instructions="again",
)  # fmt: skip
LINES = [f"{n}\n".encode() for n in range(1, 31)]


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    files = {"n.txt": b"".join(LINES), "other.txt": b"other\n"}
    here = place(tmp_path, monkeypatch, plan=plan_of("T1"), files=files)
    here.base("T1")
    here.ctx.append(ev.TaskReviewing(), task="T1")
    return here


def propose(there: Place, **files: bytes) -> None:
    """The task proposes these files, `n` for `n.txt`."""
    ctx = there.ctx
    task = ctx.task("T1")
    assert task.base is not None
    changed: dict[str, trees.Entry | None] = {
        f"{name}.txt": trees.Entry("100644", trees.write_blob(ctx.ports.repo, data))
        for name, data in files.items()
    }
    tree = trees.with_entries(ctx.ports.repo, task.base.tree, changed)
    data = proposed(ctx.ports.repo, ctx.run_id, task, tree=tree, commit="c")
    ctx.append(data, task="T1", phase="task")


def numbers(lines: dict[int, str]) -> bytes:
    return b"".join(
        f"{lines[n]}\n".encode() if n in lines else old for n, old in enumerate(LINES, start=1)
    )


def files_of(there: Place) -> dict[str, ChangedFile]:
    change = present_change(there.ctx.ports.repo, there.ctx.run_id, there.ctx.task("T1"))
    return {file.path: file for file in change.files}


def shown(there: Place) -> list[Hunk]:
    return [hunk for file in files_of(there).values() for hunk in file.hunks]


def states(there: Place) -> dict[str, str]:
    """State by changed lines."""
    return {
        " ".join(line for line in hunk.diff.split("\n")[1:] if line[:1] in ("+", "-")): hunk.state
        for hunk in shown(there)
    }


def what_is(there: Place) -> object:
    """All that an edit may change and taking it back must restore."""
    task = there.ctx.task("T1")
    change = task.change
    hunks = [(hunk.id, hunk.diff, hunk.state, hunk.reason) for hunk in shown(there)]
    return (change and change.tree, dict(task.hunks), hunks)


def text_with(there: Place, path: str, *wanted: str) -> bytes:
    """What a file would be with the hunks that stand so."""
    file = files_of(there)[path]
    known = [blob for blob in (file.base_blob, file.new_blob) if blob]
    found = blobs.read(there.ctx.ports.repo, known)
    chosen = [hunk for hunk in file.hunks if hunk.state in wanted]
    return hunk_rules.apply(found[file.base_blob or ""], found[file.new_blob or ""], chosen)


def edit(there: Place, hunk: Hunk, before: str, after: str) -> None:
    assert before in hunk.diff
    edit_hunk(there.ctx.book, there.ctx.ports.repo, hunk.id, hunk.diff.replace(before, after))


def one(there: Place, word: str) -> Hunk:
    (found,) = [hunk for hunk in shown(there) if word in hunk.diff.split("\n")]
    return found


def test_parts_cut_between_lines_keep_their_marks_when_one_of_them_is_edited(there: Place) -> None:
    book, repo = there.ctx.book, there.ctx.ports.repo
    propose(there, n=numbers({2: "two", 3: "three", 4: "four"}))
    (whole,) = shown(there)
    mark_lines(book, repo, {whole.id: [(3, 3), (6, 6)]}, "accepted")
    mark(book, [one(there, "+four").id], "rejected", because="not this")
    assert states(there) == {"-2 +two": "pending", "-3 +three": "accepted", "-4 +four": "rejected"}
    seen = what_is(there)
    edit(there, one(there, "+two"), "+two\n", "+II\n+more\n")
    assert states(there) == {
        "-2 +II +more": "accepted",
        "-3 +three": "accepted",
        "-4 +four": "rejected",
    }
    assert one(there, "+four").reason == "not this"
    assert text_with(there, "n.txt", "accepted") == numbers({2: "II\nmore", 3: "three"})
    assert text_with(there, "n.txt", "rejected") == numbers({4: "four"})
    again = fold_all(book.journal.read())[there.ctx.run_id].tasks["T1"]
    assert again.hunks == there.ctx.task("T1").hunks
    assert list(again.hunks) == [hunk.id for hunk in shown(there)]
    undone = undo_marks(book)
    assert what_is(there) == seen
    assert undone.hunks
    # the edit is one step, and those before it are still there to be taken back
    undo_marks(book)
    undo_marks(book)
    assert [(hunk.id, hunk.state) for hunk in shown(there)] == [(whole.id, "pending")]
    with pytest.raises(StateError, match="no mark"):
        undo_marks(book)


def test_edits_are_taken_back_one_after_the_other(there: Place) -> None:
    propose(there, n=numbers({2: "two", 20: "twenty"}), other=b"mine\n")
    mark(there.ctx.book, [one(there, "+twenty").id], "rejected", because="no")
    seen = [what_is(there)]
    edit(there, one(there, "+two"), "+two\n", "+II\n")
    seen.append(what_is(there))
    edit(there, one(there, "+II"), "-2\n+II\n", " 2\n")
    seen.append(what_is(there))
    mark(there.ctx.book, [one(there, "+mine").id], "accepted")
    while seen:
        undo_marks(there.ctx.book)
        assert what_is(there) == seen.pop()


def test_the_same_edit_again_after_it_was_taken_back(there: Place) -> None:
    book, repo = there.ctx.book, there.ctx.ports.repo
    propose(there, n=numbers({2: "two", 3: "three"}))
    mark_lines(book, repo, {shown(there)[0].id: [(3, 3), (5, 5)]}, "rejected")
    edited: object = None
    for _ in range(2):
        edit(there, one(there, "+two"), "+two\n", "+II\n")
        assert states(there) == {"-2 +II": "accepted", "-3 +three": "rejected"}
        (joined,) = {hunk_rules.parent_id(hunk.id) for hunk in shown(there)}
        edited = what_is(there)
        undo_marks(book)
        assert joined not in there.ctx.task("T1").splits
    edit(there, one(there, "+two"), "+two\n", "+II\n")
    assert what_is(there) == edited


def test_a_question_about_the_edited_hunks_falls_away_when_the_edit_does(there: Place) -> None:
    propose(there, n=numbers({2: "two"}))
    edit(there, one(there, "+two"), "+two\n", "+II\n")
    asked = ev.ApprovalAsked(id="a1", kind="change", tasks=("T1",), subject="s", digest="d")
    there.ctx.append(asked, task="T1")
    undo_marks(there.ctx.book)
    assert there.ctx.run.approvals["a1"].state == "void"
    assert states(there) == {"-2 +two": "pending"}


@pytest.mark.parametrize("how", ["landed", "landing", "sent back", "another round"])
def test_an_edit_that_something_came_of_is_not_taken_back(there: Place, how: str) -> None:
    propose(there, n=numbers({2: "two"}), other=b"mine\n")
    edit(there, one(there, "+two"), "+two\n", "+II\n")
    name, ctx = one(there, "+II").id, there.ctx
    match how:
        case "landed":
            ctx.append(ev.LandingEnded(landing=landing(there, name)), task="T1")
        case "landing":
            ctx.append(ev.LandingStarted(id="l1", hunks=(name,), files=("n.txt",)), task="T1")
        case "sent back":
            ctx.append(SENT_BACK, task="T1")
        case _:
            propose(there, n=numbers({2: "II", 9: "nine"}))
    before = what_is(there)
    with pytest.raises(StateError, match="has landed or is gone"):
        undo_marks(ctx.book)
    assert what_is(there) == before


def test_what_landed_beside_an_edit_stays_landed_when_the_edit_is_taken_back(there: Place) -> None:
    propose(there, n=numbers({2: "two", 20: "twenty"}))
    edit(there, one(there, "+two"), "+two\n", "+II\n")
    done = landing(there, one(there, "+twenty").id)
    there.ctx.append(ev.LandingEnded(landing=done), task="T1")
    undo_marks(there.ctx.book)
    assert states(there) == {"-2 +two": "pending", "-20 +twenty": "landed"}


def test_a_saved_file_is_taken_back_as_one(there: Place) -> None:
    propose(there, n=numbers({2: "two", 20: "twenty"}), other=b"mine\n")
    mark(there.ctx.book, [one(there, "+twenty").id], "rejected", because="no")
    mark(there.ctx.book, [one(there, "+mine").id], "accepted")
    seen, file = what_is(there), files_of(there)["n.txt"]
    save_file(
        there.ctx.book, there.ctx.ports.repo, file, numbers({2: "II", 9: "nine"}),
        run_id=there.ctx.run_id, task_id="T1", base=b"".join(LINES),
        proposal=numbers({2: "two", 20: "twenty"}),
    )  # fmt: skip
    assert set(states(there).values()) == {"accepted"}
    undo_marks(there.ctx.book)
    assert what_is(there) == seen
    assert one(there, "+twenty").reason == "no"


def test_the_answer_to_a_question_is_taken_back_like_marks(there: Place) -> None:
    propose(there, n=numbers({2: "two", 20: "twenty"}))
    mark(there.ctx.book, [one(there, "+two").id], "accepted")
    change = there.ctx.task("T1").change
    assert change is not None
    there.ctx.append(
        ev.ApprovalAsked(id="a1", kind="change", tasks=("T1",), subject="s", digest=change.digest),
        task="T1",
    )
    there.ctx.append(ev.ApprovalDecided(id="a1", grant=False, because="not now", who="Ada"))
    take_answer(there.ctx, "T1")
    assert states(there) == {"-2 +two": "accepted", "-20 +twenty": "rejected"}
    undo_marks(there.ctx.book)
    assert states(there) == {"-2 +two": "accepted", "-20 +twenty": "pending"}
    take_answer(there.ctx, "T1")
    assert states(there)["-20 +twenty"] == "pending", "an answer is taken once"


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_cut_marked_and_edited_the_rest_keeps_its_marks(
    there: Place, seed: int
) -> None:
    some = random.Random(seed)
    book, repo = there.ctx.book, there.ctx.ports.repo
    where = some.sample(range(1, 12), 7)
    changed = {n: some.choice(["", f"x{n}\n", f"y{n}\nz{n}\n"]) for n in where}
    old = b"".join(LINES)
    text = b"".join(
        changed[n].encode() if n in changed else line for n, line in enumerate(LINES, start=1)
    )
    propose(there, n=text)
    for _ in range(4):
        hunk = some.choice(shown(there))
        body = hunk.diff.removesuffix("\n").split("\n")[1:]
        lines = [n for n, line in enumerate(body, start=1) if line[:1] in ("+", "-")]
        chosen = [(n, n) for n in some.sample(lines, some.randint(1, len(lines)))]
        mark_lines(book, repo, {hunk.id: chosen}, some.choice(["accepted", "rejected"]))
    if some.random() < 0.3:
        hunk = some.choice(shown(there))
        if len(hunk_rules.split(hunk)) > 1:
            split_hunk(book, repo, hunk.id)
    edited = some.choice(shown(there))
    mark(book, [edited.id], "pending")
    seen, others = (
        what_is(there),
        {state: text_with(there, "n.txt", state) for state in ("accepted", "rejected")},
    )
    lines = edited.diff.split("\n")
    at = next(n for n, line in enumerate(lines) if n and line[:1] in ("-", "+"))
    kept = [line for n, line in enumerate(lines) if n != at or line[:1] == "-"]
    saved = "\n".join([*kept[: at + 1], "+edited", *kept[at + 1 :]])
    edit_hunk(book, repo, edited.id, saved)
    assert text_with(there, "n.txt", "rejected") == others["rejected"]
    accepted = text_with(there, "n.txt", "accepted")
    assert accepted.replace(b"edited\n", b"") != old or others["accepted"] == old
    mark(book, [h.id for h in shown(there) if "+edited" in h.diff.split("\n")], "pending")
    assert text_with(there, "n.txt", "accepted") == others["accepted"]
    undo_marks(book)
    undo_marks(book)
    assert what_is(there) == seen


def landing(there: Place, *hunks: str) -> Landing:
    return Landing(
        id="l", run=there.ctx.run_id, task="T1", landed=hunks, conflicts=(), files=("n.txt",),
        merged=False, target="files",
    )  # fmt: skip
