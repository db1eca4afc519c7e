"""Editing hunks with real git: what was decided about the others stays, the edited one lands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from journal.tape import plan_of
from makeitso.errors import NotFoundError, StateError, UsageError
from makeitso.landing import land as landing
from makeitso.landing.editor import NoEditor
from makeitso.protocol import events as ev
from makeitso.protocol.change import Landing
from makeitso.runs.editing import edit_hunk
from makeitso.runs.marking import mark, split_hunk
from makeitso.runs.proposing import proposed
from makeitso.runs.reviewing import present_change
from makeitso.workspace import snapshots
from runs.run_place import Place, place

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.change import Change, Hunk

pytestmark = pytest.mark.anyio
NUMBERS = [f"{n}\n".encode() for n in range(1, 41)]
BASE = {
    "n.txt": b"".join(NUMBERS),
    "crlf.txt": b"a\r\nb\r\nc\r\n",
    "latin.txt": b"caf\xe9\nplain\n",
    "other.txt": b"other\n",
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def numbers(**lines: str) -> bytes:
    new = [f"{lines[f'l{n}']}\n".encode() if f"l{n}" in lines else old
           for n, old in enumerate(NUMBERS, start=1)]  # fmt: skip
    return b"".join(new)


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return place(tmp_path, monkeypatch, plan=plan_of("T1"), files=BASE)


def propose(there: Place, **files: bytes) -> None:
    """The task proposes these files, `n` for `n.txt`."""
    tree = there.base("T1")
    for name, data in files.items():
        (tree.path / f"{name}.txt").write_bytes(data)
    ctx = there.ctx
    taken = snapshots.take(ctx.ports.repo, tree, run=ctx.run_id, task="T1", name="proposal")
    data = proposed(
        ctx.ports.repo, ctx.run_id, ctx.task("T1"), tree=taken.tree, commit=taken.commit
    )
    ctx.append(data, task="T1", phase="task")


def change(there: Place) -> Change:
    return present_change(there.ctx.ports.repo, there.ctx.run_id, there.ctx.task("T1"))


def hunk(there: Place, word: str) -> Hunk:
    (found,) = [h for f in change(there).files for h in f.hunks if f"+{word}" in h.diff]
    return found


def states(there: Place) -> dict[str, str]:
    """State by added lines."""
    return {
        " ".join(line[1:].strip() for line in h.diff.split("\n") if line.startswith("+")): h.state
        for f in change(there).files
        for h in f.hunks
    }


def edit(there: Place, word: str, before: str, after: str) -> None:
    old = hunk(there, word)
    assert before in old.diff
    edit_hunk(there.ctx.book, there.ctx.ports.repo, old.id, old.diff.replace(before, after))


async def land(there: Place) -> None:
    plan = await landing.prepare(there.ctx.ports.repo, change(there), id="l1", editor=NoEditor())
    await landing.commit(plan, root=there.box.root, editor=NoEditor())


def workspace(there: Place, name: str = "n") -> bytes:
    return (there.box.root / f"{name}.txt").read_bytes()


async def test_the_edited_hunk_is_accepted_lands_and_the_others_keep_their_marks(
    there: Place,
) -> None:
    propose(there, n=numbers(l2="two", l20="twenty", l38="late"), other=b"mine\n")
    mark(there.ctx.book, [hunk(there, "two").id], "rejected", because="no")
    mark(there.ctx.book, [hunk(there, "mine").id], "accepted")
    edit(there, "twenty", "+twenty\n", "+XX\n+more\n")
    assert states(there) == {
        "two": "rejected", "XX more": "accepted", "late": "pending", "mine": "accepted",
    }  # fmt: skip
    await land(there)
    assert workspace(there) == numbers(l20="XX\nmore")
    assert workspace(there, "other") == b"mine\n"


async def test_a_part_is_edited_and_the_rejected_part_beside_it_does_not_land(there: Place) -> None:
    propose(there, n=numbers(l2="two", l4="four", l6="six"))
    ids = split_hunk(there.ctx.book, there.ctx.ports.repo, hunk(there, "four").id)
    assert len(ids) == 3
    mark(there.ctx.book, [hunk(there, "two").id], "rejected")
    edit(there, "four", "+four\n", "+IV\n")
    assert states(there) == {"two": "rejected", "IV": "accepted", "six": "pending"}
    await land(there)
    assert workspace(there) == numbers(l4="IV")


def test_the_question_about_the_hunks_as_they_were_falls_away(there: Place) -> None:
    propose(there, n=numbers(l2="two"))
    asked = ev.ApprovalAsked(id="a1", kind="change", tasks=("T1",), subject="s", digest="d")
    there.ctx.append(asked, task="T1")
    edit(there, "two", "+two\n", "+II\n")
    assert there.ctx.run.approvals["a1"].state == "void"


def test_saving_a_hunk_as_it_was_accepts_it(there: Place) -> None:
    propose(there, n=numbers(l2="two", l20="twenty"))
    edit(there, "two", "+two\n", "+two\n")
    assert states(there) == {"two": "accepted", "twenty": "pending"}


async def test_taking_all_of_a_hunk_back_leaves_nothing_of_it(there: Place) -> None:
    propose(there, n=numbers(l2="two", l20="twenty"))
    mark(there.ctx.book, [hunk(there, "twenty").id], "accepted")
    edit(there, "two", "-2\n+two\n", " 2\n")
    assert states(there) == {"twenty": "accepted"}
    await land(there)
    assert workspace(there) == numbers(l20="twenty")


async def test_line_ends_are_kept(there: Place) -> None:
    propose(there, crlf=b"a\r\nB\r\nc\r\n")
    edit(there, "B", "+B\r\n", "+BB\r\n")
    await land(there)
    assert workspace(there, "crlf") == b"a\r\nBB\r\nc\r\n"


async def test_a_new_file_can_be_edited(there: Place) -> None:
    propose(there, fresh=b"one\ntwo\n")
    edit(there, "one", "+two\n", "+2\n+3\n")
    assert states(there) == {"one 2 3": "accepted"}
    await land(there)
    assert workspace(there, "fresh") == b"one\n2\n3\n"


@pytest.mark.parametrize("landed", [False, True])
def test_what_cannot_be_edited_is_said_and_changes_nothing(there: Place, landed: bool) -> None:
    propose(there, n=numbers(l2="two", l4="four"), latin=b"caf\xe9\nth\xe9\n", other=b"\0binary")
    repo, book = there.ctx.ports.repo, there.ctx.book
    whole = hunk(there, "two").id
    parts = split_hunk(book, repo, whole)
    if landed:
        done = landing_of(there, parts[0])
        there.ctx.append(ev.LandingEnded(landing=done), task="T1")
    before = (len(there.found(ev.ChangeProposed)), states(there))
    first, second = (hunk(there, word) for word in ("two", "four"))
    for ident, saved, words in (
        (whole, first.diff, "stands as its parts"),
        (hunk_of(there, "latin.txt").id, hunk_of(there, "latin.txt").diff, "not UTF-8"),
        (hunk_of(there, "other.txt").id, "", "not lines of text"),
        *([(first.id, first.diff, "is landed")] if landed else []),
        *([(second.id, second.diff, "another part")] if landed else []),
    ):
        with pytest.raises(StateError, match=words) as caught:
            edit_hunk(book, repo, ident, saved)
        assert caught.value.hint
    with pytest.raises(NotFoundError):
        edit_hunk(book, repo, "0" * 12, "")
    if not landed:
        with pytest.raises(UsageError, match=r"does not fit n\.txt at line 1"):
            edit_hunk(book, repo, first.id, first.diff.replace(" 1\n", " one\n"))
    assert (len(there.found(ev.ChangeProposed)), states(there)) == before


def hunk_of(there: Place, path: str) -> Hunk:
    (found,) = [h for f in change(there).files for h in f.hunks if h.path == path]
    return found


def landing_of(there: Place, *hunks: str) -> Landing:
    return Landing(
        id="l", run=there.ctx.run_id, task="T1", landed=hunks, conflicts=(), files=("n.txt",),
        merged=False, target="files",
    )  # fmt: skip
