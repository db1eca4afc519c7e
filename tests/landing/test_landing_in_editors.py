from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landing.landing_place import Place, accepted, hunks_of, plain, text
from landing.landing_place import place as make_place
from makeitso.errors import ConflictError
from makeitso.landing import land, published
from makeitso.landing.editor import NoEditor, OpenText
from makeitso.landing.published import EditorFile, OpenDocument
from makeitso.landing.text_edits import apply_edits, edits_between
from review.changed_trees import budget, edited, texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from makeitso.landing.editor import FileEdit

LINES = [f"line {number} ü" for number in range(1, 21)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("work"))


@dataclass
class Desk:
    """An editor with open documents, as a front door shows it to us."""

    documents: dict[str, OpenText]
    takes: bool = True
    labels: list[str] = field(default_factory=list[str])
    seen: list[FileEdit] = field(default_factory=list["FileEdit"])

    def open_document(self, path: str, /) -> OpenText | None:
        return self.documents.get(path)

    async def apply(self, edits: Sequence[FileEdit], /, *, label: str) -> bool:
        self.labels.append(label)
        if not self.takes:
            return False
        self.seen += edits
        for edit in edits:
            old = self.documents[edit.path]
            assert old.version == edit.version
            assert old.version is not None
            changed = apply_edits(old.text, edit.edits)
            self.documents[edit.path] = OpenText(text=changed, version=old.version + 1, dirty=True)
        return True


def shown(data: bytes, *, dirty: bool = False) -> OpenText:
    return OpenText(text=data.decode(), version=7, dirty=dirty)


def with_line(number: int, line: str, base: Sequence[str] = LINES) -> list[str]:
    return [line if at == number else old for at, old in enumerate(base, start=1)]


BASE = text(*LINES)
PROPOSAL = text(*with_line(3, "three", with_line(18, "eighteen")))


def test_an_open_document_is_edited_by_lines_and_the_file_left_alone(place: Place) -> None:
    place.fill(plain({"a.txt": BASE, "b.txt": BASE}))
    typed = text(*with_line(10, "typed and not saved"))
    desk = Desk({"a.txt": shown(typed, dirty=True)})
    both = {"a.txt": PROPOSAL, "b.txt": PROPOSAL}
    change = accepted(place.change(plain({"a.txt": BASE, "b.txt": BASE}), plain(both)))
    plan = place.land(change, desk)
    assert plan.merged
    assert len(plan.landed) == 4
    assert place.files() == plain({"a.txt": BASE, "b.txt": PROPOSAL})
    wanted = with_line(3, "three", with_line(10, "typed and not saved", with_line(18, "eighteen")))
    assert desk.documents["a.txt"].text == text(*wanted).decode()
    (edit,) = desk.seen
    assert [(item.span.line, item.span.end_line, item.text) for item in edit.edits] == [
        (2, 3, "three\n"),
        (17, 18, "eighteen\n"),
    ]
    assert desk.labels == ["Land T1"]


def test_an_editor_that_refuses_leaves_everything_as_it_was(place: Place) -> None:
    before = plain({"a.txt": BASE, "b.txt": BASE})
    place.fill(before)
    desk = Desk({"a.txt": shown(BASE)}, takes=False)
    change = accepted(place.change(before, plain({"a.txt": PROPOSAL, "b.txt": PROPOSAL})))
    plan = place.prepare(change, desk)
    with pytest.raises(ConflictError, match="did not take"):
        place.commit(plan, desk)
    assert place.files() == before
    assert land.recover(place.root) == ()


def test_a_document_that_moved_on_is_not_edited(place: Place) -> None:
    before = plain({"a.txt": BASE, "b.txt": BASE})
    place.fill(before)
    desk = Desk({"a.txt": shown(BASE)})
    change = accepted(place.change(before, plain({"a.txt": PROPOSAL, "b.txt": PROPOSAL})))
    plan = place.prepare(change, desk)
    desk.documents["a.txt"] = replace(desk.documents["a.txt"], version=8)
    with pytest.raises(ConflictError):
        place.commit(plan, desk)
    desk.documents.clear()
    with pytest.raises(ConflictError):
        place.commit(replace(plan, id="again"), desk)
    assert desk.labels == []
    assert place.files() == before


def test_an_editor_that_breaks_leaves_the_files_alone(place: Place) -> None:
    class Broken(Desk):
        async def apply(self, edits: Sequence[FileEdit], /, *, label: str) -> bool:
            raise ConnectionError(label)

    before = plain({"a.txt": BASE, "b.txt": BASE})
    place.fill(before)
    desk = Broken({"a.txt": shown(BASE)})
    change = accepted(place.change(before, plain({"a.txt": PROPOSAL, "b.txt": PROPOSAL})))
    plan = place.prepare(change, desk)
    with pytest.raises(ConnectionError):
        place.commit(plan, desk)
    assert place.files() == before
    assert land.recover(place.root) == ()


def test_what_an_editor_may_have_taken_is_reported_and_lands_again_harmlessly(place: Place) -> None:
    """Killed between the editor's edit and the commit point."""
    before = plain({"a.txt": BASE, "b.txt": BASE})
    place.fill(before)
    desk = Desk({"a.txt": shown(BASE)})
    change = accepted(place.change(before, plain({"a.txt": PROPOSAL, "b.txt": PROPOSAL})))
    plan = place.prepare(change, desk)

    def die(point: str) -> None:
        if point == "landing.commit":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place.commit(plan, desk, die)
    (report,) = land.recover(place.root)
    assert (report.outcome, report.uncertain) == ("undone", ("a.txt",))
    assert place.files() == before
    plan = place.land(change, desk)
    assert len(plan.landed) == 4
    assert desk.documents["a.txt"].text == PROPOSAL.decode()
    assert (place.root / "b.txt").read_bytes() == PROPOSAL


def test_unsaved_documents_are_never_written_over(place: Place) -> None:
    base = plain({"gone": b"1\n", "bin": b"\0a"})
    place.fill(base)
    unsaved = OpenText(text="mine\n", version=1, dirty=True)
    desk = Desk({"gone": unsaved, "new": unsaved, "bin": unsaved})
    plan = place.land(accepted(place.change(base, plain({"new": b"n\n", "bin": b"\0b"}))), desk)
    assert {conflict.path for conflict in plan.conflicts} == {"gone", "new", "bin"}
    assert plan.landed == ()
    assert place.files() == base


def test_line_ends_and_mark_of_the_document_hold(place: Place) -> None:
    """An editor hides the byte order mark, and may show other line ends than git stores."""
    bom = b"\xef\xbb\xbf"
    place.fill(plain({"a.txt": bom + BASE}))
    desk = Desk({"a.txt": shown(text(*LINES, eol="\r\n"))})
    change = place.change(plain({"a.txt": bom + BASE}), plain({"a.txt": bom + PROPOSAL}))
    plan = place.land(accepted(change), desk)
    assert plan.conflicts == ()
    assert desk.documents["a.txt"].text == PROPOSAL.decode().replace("\n", "\r\n")


def test_latin_1_does_not_get_into_a_document(place: Place) -> None:
    place.fill(plain({"a.txt": BASE}))
    desk = Desk({"a.txt": shown(BASE)})
    latin = PROPOSAL.replace(b"three", b"dr\xefi")
    plan = place.land(accepted(place.change(plain({"a.txt": BASE}), plain({"a.txt": latin}))), desk)
    assert "not UTF-8" in plan.conflicts[0].reason
    assert desk.documents["a.txt"].text == BASE.decode()


def test_a_terminal_takes_no_edits(place: Place) -> None:
    import anyio

    door = NoEditor()
    assert door.open_document("a") is None

    async def ask() -> None:
        assert await door.apply((), label="")

    anyio.run(ask)
    place.fill(plain({"a.txt": BASE}))
    change = accepted(place.change(plain({"a.txt": BASE}), plain({"a.txt": PROPOSAL})))
    plan = place.prepare(change, Desk({"a.txt": shown(BASE)}))
    with pytest.raises(ConflictError):
        place.commit(plan)


@budget(60)
@given(data=st.data(), old=texts())
def test_edits_make_the_new_text_and_touch_changed_lines_only(
    place: Place, data: st.DataObject, old: bytes
) -> None:
    before = old.decode("utf-8", "replace") + data.draw(
        st.sampled_from(["", "a\rb\nc", "\u2028x\n"])
    )
    after = data.draw(edited(before.encode())).decode("utf-8", "replace")
    edits = edits_between(place.oracle.repo, before, after)
    assert apply_edits(before, edits) == after
    assert (edits == ()) == (before == after)
    ends = [(edit.span.end_line, edit.span.end_column) for edit in edits]
    begins = [(edit.span.line, edit.span.column) for edit in edits]
    assert all(end <= begin for end, begin in zip(ends, begins[1:], strict=False))


def test_a_document_dirty_in_another_process_is_a_conflict(place: Place) -> None:
    base = plain({"a.txt": BASE, "b.txt": BASE})
    place.fill(base)
    script = (
        "import sys; from pathlib import Path; from makeitso.landing.published import *\n"
        "publish(Path(sys.argv[1]), [OpenDocument(path='a.txt', dirty=True),"
        " OpenDocument(path='b.txt', dirty=False)], editor='Vim')\n"
        "print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, os.fspath(place.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"ready\n"
        change = accepted(place.change(base, plain({"a.txt": PROPOSAL, "b.txt": PROPOSAL})))
        plan = place.land(change)
        other.stdin.close()
        assert other.wait() == 0
    first = {hunk.id for hunk in hunks_of(change, "a.txt")}
    assert {conflict.hunk for conflict in plan.conflicts} == first
    assert plan.conflicts[0].reason == f"it has unsaved changes in Vim (process {other.pid})"
    assert place.files() == plain({"a.txt": BASE, "b.txt": PROPOSAL})
    assert published.dirty_elsewhere(place.root) == {}, "it has gone, and its file counts no more"


def test_only_living_other_processes_count(tmp_path: Path) -> None:
    dirty = (OpenDocument(path="a", dirty=True),)
    published.publish(tmp_path, dirty)
    directory = tmp_path / published.DIRECTORY
    assert [path.name for path in directory.iterdir()] == [f"{os.getpid()}.json"]
    assert published.dirty_elsewhere(tmp_path) == {}, "our own documents are ours to edit"
    parent = psutil.Process(os.getppid())

    def said(started: float) -> None:
        file = EditorFile(pid=parent.pid, started=started, documents=dirty)
        (directory / f"{parent.pid}.json").write_text(file.model_dump_json())

    said(parent.create_time())
    assert published.dirty_elsewhere(tmp_path) == {"a": f"an editor (process {parent.pid})"}
    said(parent.create_time() - 60)
    assert published.dirty_elsewhere(tmp_path) == {}, "the pid belongs to another process now"
    (directory / f"{parent.pid}.json").write_text("{")
    assert published.dirty_elsewhere(tmp_path) == {}
    published.withdraw(tmp_path)
    published.withdraw(tmp_path)
    assert not (directory / f"{os.getpid()}.json").exists()
