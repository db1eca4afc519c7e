"""What a person said to a hunk stays with it, whatever id an edit or another round gives it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from journal.tape import plan_of
from makeitso.journal.fold import fold_all
from makeitso.protocol import events as ev
from makeitso.runs import commenting
from makeitso.runs.editing import edit_hunk
from makeitso.runs.following import with_follows
from makeitso.runs.marking import split_hunk, undo_marks
from makeitso.runs.proposing import proposed
from makeitso.runs.reviewing import present_change, review_document
from makeitso.workspace import trees
from runs.run_place import Place, place

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.change import Hunk

LINES = {n: f"{n}\n" for n in range(1, 31)}


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    files = {"n.txt": "".join(LINES.values()).encode()}
    here = place(tmp_path, monkeypatch, plan=plan_of("T1"), files=files)
    here.base("T1")
    here.ctx.append(ev.TaskReviewing(), task="T1")
    propose(here, {5: "five\n", 25: "twenty-five\n"})
    return here


def propose(there: Place, lines: dict[int, str]) -> None:
    ctx = there.ctx
    task = ctx.task("T1")
    assert task.base is not None
    blob = trees.write_blob(ctx.ports.repo, "".join((LINES | lines).values()).encode())
    entry = {"n.txt": trees.Entry("100644", blob)}
    tree = trees.with_entries(ctx.ports.repo, task.base.tree, entry)
    data = proposed(ctx.ports.repo, ctx.run_id, task, tree=tree, commit="c")
    ctx.append(with_follows(ctx.ports.repo, ctx.run_id, task, data), task="T1", phase="task")


def one(there: Place, word: str) -> Hunk:
    change = present_change(there.ctx.ports.repo, there.ctx.run_id, there.ctx.task("T1"))
    (found,) = [h for f in change.files for h in f.hunks if word in h.diff.split("\n")]
    return found


def say(there: Place, hunk: str, lines: str = "") -> None:
    commenting.comment(
        there.ctx.book, there.ctx.ports.repo, task=(there.ctx.run_id, "T1"), text="why?",
        hunk=hunk, lines=lines, redact=str,
    )  # fmt: skip


def edit(there: Place, hunk: Hunk, before: str, after: str) -> None:
    assert before in hunk.diff
    edit_hunk(there.ctx.book, there.ctx.ports.repo, hunk.id, hunk.diff.replace(before, after))


def heard(there: Place) -> list[str | None]:
    """The hunks the comments are about, the same from the journal read anew."""
    ctx = there.ctx
    found = [said.hunk for said in commenting.comments(ctx.book)]
    again = fold_all(list(ctx.book.journal.read()))[ctx.run_id].tasks["T1"].comments
    assert [known.hunk or known.said.hunk for known in again] == found
    return found


def headers(there: Place) -> list[str]:
    """The changed lines below each header of the review document that names a comment."""
    ctx = there.ctx
    task = ctx.task("T1")
    shown = review_document(ctx.run, task, present_change(ctx.ports.repo, ctx.run_id, task))
    lines = shown.text.split("\n")
    return [
        next(line for line in lines[at:] if line.startswith("+"))
        for at, line in enumerate(lines)
        if line.startswith("@@") and re.search(r"\bc\d+\b", line)
    ]


def test_a_comment_stays_with_a_hunk_that_is_edited_and_when_that_is_taken_back(
    there: Place,
) -> None:
    hunk = one(there, "+five")
    say(there, hunk.id, "4-5")
    edit(there, hunk, "+five", "+FIVE")
    now = one(there, "+FIVE")
    assert now.id != hunk.id
    assert heard(there) == [now.id]
    (said,) = commenting.comments(there.ctx.book)
    assert said.lines == "", "they are lines of what it was"
    assert "+five" in said.quote
    assert headers(there) == ["+FIVE"]
    edit(there, now, "+FIVE", "+FIVE!")
    assert heard(there) == [one(there, "+FIVE!").id]
    undo_marks(there.ctx.book)
    assert heard(there) == [now.id]
    undo_marks(there.ctx.book)
    assert heard(there) == [hunk.id]
    (said,) = commenting.comments(there.ctx.book)
    assert said.lines == "4-5"
    assert headers(there) == ["+five"]


def test_a_comment_on_what_an_edit_made_stays_when_the_edit_is_taken_back(there: Place) -> None:
    hunk = one(there, "+five")
    edit(there, hunk, "+five", "+FIVE")
    say(there, one(there, "+FIVE").id)
    undo_marks(there.ctx.book)
    assert heard(there) == [hunk.id]
    assert headers(there) == ["+five"]


def test_a_comment_is_with_the_next_round_of_its_place_only(there: Place) -> None:
    hunk, other = one(there, "+five"), one(there, "+twenty-five")
    say(there, hunk.id)
    say(there, other.id)
    propose(there, {5: "cinq\n", 25: "twenty-five\n"})
    assert heard(there) == [one(there, "+cinq").id, other.id]
    propose(there, {25: "vingt-cinq\n"})
    gone, moved = there.ctx.task("T1").comments
    assert gone.hunk == "", "nothing changes there any more"
    assert moved.hunk == one(there, "+vingt-cinq").id
    assert headers(there) == ["+vingt-cinq"]


def test_a_comment_on_a_line_is_shown_at_the_part_that_changes_it(there: Place) -> None:
    propose(there, {5: "five\n", 8: "eight\n"})
    hunk = one(there, "+eight")
    say(there, hunk.id, f"{hunk.diff.split(chr(10)).index('+eight')}")
    assert split_hunk(there.ctx.book, there.ctx.ports.repo, hunk.id)
    assert headers(there) == ["+eight"]
