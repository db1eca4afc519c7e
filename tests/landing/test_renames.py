"""Files that are renamed land as renames, with or without what changed within them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from landing.git_workspace import Work, work
from makeitso.review import marks
from makeitso.workspace import changes
from makeitso.workspace.git import open_repository

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.change import Change
    from makeitso.protocol.words import HunkState, LandTarget

LINES = [f"line {number}\n".encode() for number in range(40)]
OLD = b"".join(LINES)
NEW = OLD.replace(b"line 3\n", b"three\n").replace(b"line 30\n", b"thirty\n")
EVERYWHERE: tuple[LandTarget, ...] = ("files", "index", "commit", "branch")


@pytest.fixture
def here(tmp_path: Path) -> Work:
    return work(tmp_path / "w", {"old.txt": OLD, "other.txt": b"o\n"})


def renamed(here: Work, *, executable: bool = False) -> Change:
    return here.change(
        {"old.txt": None, "dir/new.txt": NEW}, executable="dir/new.txt" if executable else ""
    )


def ids(change: Change, *kinds: str) -> list[str]:
    return [hunk.id for hunk in marks.all_hunks(change) if hunk.kind in kinds]


def files(here: Work) -> dict[str, bytes]:
    return {
        path.relative_to(here.root).as_posix(): path.read_bytes()
        for path in here.root.rglob("*.txt")
        if not path.relative_to(here.root).parts[0].startswith(".")
    }


def test_it_is_one_file_with_a_name_a_mode_and_lines(here: Work) -> None:
    (file,) = renamed(here, executable=True).files
    assert (file.status, file.origin, file.path) == ("renamed", "old.txt", "dir/new.txt")
    assert [hunk.kind for hunk in file.hunks] == ["rename", "mode", "text", "text"]
    assert {hunk.origin for hunk in file.hunks} == {"old.txt"}
    assert "executable bit" in file.protected
    assert len({hunk.id for hunk in file.hunks}) == 4


@pytest.mark.parametrize("target", EVERYWHERE)
def test_all_of_it_lands_and_comes_back(here: Work, target: LandTarget) -> None:
    change = renamed(here, executable=True)
    before = files(here), here.box.git("ls-files", "--stage")
    landing = here.land(change, target)
    assert landing.conflicts == ()
    if target == "branch":
        assert here.committed("dir/new.txt", "makeitso/r1") == NEW
        assert b"old.txt" not in here.box.git("ls-tree", "-r", "makeitso/r1")
    else:
        assert files(here) == {"dir/new.txt": NEW, "other.txt": b"o\n"}
        assert (here.root / "dir/new.txt").stat().st_mode & 0o111
    if target in ("index", "commit"):
        assert here.staged("dir/new.txt") == NEW
        assert b"old.txt" not in here.box.git("ls-files")
    undone = here.undo(landing, change)
    assert (undone.conflicts, set(undone.hunks)) == ({}, set(landing.landed))
    assert (files(here), here.box.git("ls-files", "--stage")) == before


@pytest.mark.parametrize("target", EVERYWHERE)
@pytest.mark.parametrize("first", ["rename", "text"])
def test_name_and_lines_land_one_after_the_other(
    here: Work, target: LandTarget, first: str
) -> None:
    change = renamed(here)
    second = {"rename": "text", "text": "rename"}[first]
    one = here.land(change, target, ids=ids(change, first))
    assert (one.conflicts, set(one.landed)) == ((), set(ids(change, first)))
    if target != "branch":
        half = {"dir/new.txt": OLD} if first == "rename" else {"old.txt": NEW}
        assert files(here) == {**half, "other.txt": b"o\n"}
    states: dict[str, HunkState] = dict.fromkeys(one.landed, "landed")
    states |= dict.fromkeys(ids(change, second), "accepted")
    two = here.land(marks.with_states(change, states), target)
    assert (two.conflicts, set(two.landed)) == ((), set(ids(change, second)))
    if target == "branch":
        assert here.committed("dir/new.txt", "makeitso/r1") == NEW
    else:
        assert files(here) == {"dir/new.txt": NEW, "other.txt": b"o\n"}


def test_what_a_person_wrote_moves_with_the_file_and_back(here: Work) -> None:
    change = renamed(here)
    mine = OLD.replace(b"line 15\n", b"mine\n")
    here.box.write("old.txt", mine)
    (here.root / "old.txt").chmod(0o600)
    landing = here.land(change, "files")
    assert landing.conflicts == ()
    assert landing.merged
    assert files(here)["dir/new.txt"] == NEW.replace(b"line 15\n", b"mine\n")
    assert (here.root / "dir/new.txt").stat().st_mode & 0o777 == 0o600
    later = NEW.replace(b"line 15\n", b"mine\n").replace(b"line 22\n", b"later\n")
    here.box.write("dir/new.txt", later)
    undone = here.undo(landing, change)
    assert undone.conflicts == {}
    assert files(here)["old.txt"] == mine.replace(b"line 22\n", b"later\n")
    assert "dir/new.txt" not in files(here)


def test_an_undo_that_does_not_fit_leaves_both_names_alone(here: Work) -> None:
    change = renamed(here)
    landing = here.land(change, "files")
    here.box.write("old.txt", b"another\n")
    undone = here.undo(landing, change)
    assert undone.hunks == ()
    assert set(undone.conflicts) == {"old.txt", "dir/new.txt"}
    assert files(here)["dir/new.txt"] == NEW


@pytest.mark.parametrize("target", ["files", "index"])
def test_a_name_that_is_taken_is_a_conflict_and_the_lines_land_where_the_file_is(
    here: Work, target: LandTarget
) -> None:
    change = renamed(here)
    here.box.write("dir/new.txt", b"mine\n")
    here.box.git("add", "-A")
    landing = here.land(change, target)
    assert set(landing.conflicts) == set(ids(change, "rename"))
    assert files(here) == {"old.txt": NEW, "dir/new.txt": b"mine\n", "other.txt": b"o\n"}


def test_a_file_renamed_by_hand_is_not_renamed_again(here: Work) -> None:
    change = renamed(here)
    (here.root / "dir").mkdir()
    (here.root / "old.txt").rename(here.root / "dir/new.txt")
    landing = here.land(change, "files")
    assert (landing.conflicts, landing.merged) == ((), True)
    assert files(here) == {"dir/new.txt": NEW, "other.txt": b"o\n"}


def test_a_file_that_is_gone_is_a_conflict(here: Work) -> None:
    change = renamed(here)
    (here.root / "old.txt").unlink()
    landing = here.land(change, "files")
    assert set(landing.conflicts) == {hunk.id for hunk in marks.all_hunks(change)}
    here.box.write("dir/new.txt", b"something else\n")
    landing = here.land(change, "files", ids=ids(change, "rename"))
    assert (landing.landed, landing.files) == ((), ())


def test_two_files_beside_each_other_and_an_empty_one(here: Work) -> None:
    """Names are exchanged in no way that git calls a rename; empty files are all alike."""
    change = here.change({"old.txt": None, "a.txt": OLD, "b.txt": OLD, "e.txt": b""})
    assert sorted(file.status for file in change.files) == ["added", "added", "renamed"]
    here.land(change, "files")
    assert set(files(here)) == {"a.txt", "b.txt", "e.txt", "other.txt"}


def test_what_was_found_once_stays_a_rename_after_an_edit(here: Work) -> None:
    change = renamed(here)
    repo = open_repository(here.root)
    found = {"dir/new.txt": "old.txt"}
    assert changes.moves(repo, change.base_tree, change.tree) == found
    other = here.change({"old.txt": None, "dir/new.txt": b"nothing of it\n"})
    assert changes.moves(repo, other.base_tree, other.tree) == {}
    assert changes.moves(repo, other.base_tree, other.tree, kept=found) == found
    both = here.change({"dir/new.txt": NEW})
    assert changes.moves(repo, both.base_tree, both.tree, kept=found) == {}


def test_a_protected_name_holds_the_task_whichever_of_the_two_it_is(here: Work) -> None:
    here.box.write(".github/workflows/a.yml", OLD)
    here.box.commit("ci")
    (file,) = here.change({".github/workflows/a.yml": None, "a.yml": OLD}).files
    assert (file.status, "configures CI" in file.protected) == ("renamed", True)
    (file,) = here.change({"old.txt": None, "Makefile": OLD}).files
    assert (file.status, "commands that are run" in file.protected) == ("renamed", True)
