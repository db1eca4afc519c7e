from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest

from landing.git_workspace import Work, work
from landing.landing_place import accepted
from makeitso.errors import ConflictError, StateError
from makeitso.workspace import index_file

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.words import LandTarget

LINES = [f"line {number}\n" for number in range(1, 41)]


def lines(**changed: str) -> bytes:
    """The forty lines, some of them other ones: `l3="three"`."""
    out = list(LINES)
    for name, line in changed.items():
        out[int(name[1:]) - 1] = line + "\n"
    return "".join(out).encode()


@pytest.fixture
def here(tmp_path: Path) -> Work:
    return work(tmp_path / "w", {"f.txt": lines(), "g.txt": b"g\n", "gone.txt": b"gone\n"})


def test_into_the_index_and_the_files_beside_what_is_staged(here: Work) -> None:
    change = here.change({"f.txt": lines(l20="twenty"), "new.txt": b"new\n", "gone.txt": None})
    here.box.write("f.txt", lines(l1="mine, staged"))
    here.box.git("add", "f.txt")
    here.box.write("f.txt", lines(l1="mine, staged", l40="mine, not staged"))
    here.box.write("g.txt", b"staged\n")
    here.box.git("add", "g.txt")
    head = here.box.text("rev-parse", "HEAD")
    landing = here.land(change, "index")
    assert landing.conflicts == ()
    assert landing.commit is None
    assert here.staged("f.txt") == lines(l1="mine, staged", l20="twenty")
    assert here.read("f.txt") == lines(l1="mine, staged", l20="twenty", l40="mine, not staged")
    assert here.staged("new.txt") == here.read("new.txt") == b"new\n"
    assert here.staged("g.txt") == b"staged\n"
    assert here.box.text("ls-files", "gone.txt") == ""
    assert not (here.root / "gone.txt").exists()
    assert here.box.text("rev-parse", "HEAD") == head
    assert not (here.root / ".git/index.lock").exists()
    assert here.undo(landing, change).conflicts == {}
    assert here.staged("f.txt") == lines(l1="mine, staged")
    assert here.read("f.txt") == lines(l1="mine, staged", l40="mine, not staged")
    assert here.staged("g.txt") == b"staged\n"
    assert here.staged("gone.txt") == here.read("gone.txt") == b"gone\n"
    assert here.box.text("status", "--porcelain") == "MM f.txt\nM  g.txt"


def test_a_hunk_that_fits_only_one_of_both_lands_in_none(here: Work) -> None:
    change = here.change({"f.txt": lines(l3="three", l20="twenty"), "g.txt": b"g2\n"})
    here.box.write("f.txt", lines(l3="staged"))
    here.box.git("add", "f.txt")
    here.box.write("f.txt", lines())
    plan = here.prepare(accepted(change), "index")
    assert [(c.path, c.reason) for c in plan.conflicts] == [
        ("f.txt", "in the index: the same lines are changed in another way")
    ]
    here.land(change, "index")
    assert here.read("f.txt") == lines(l20="twenty")
    assert here.staged("f.txt") == lines(l3="staged", l20="twenty")
    assert here.staged("g.txt") == here.read("g.txt") == b"g2\n"


def test_what_is_not_tracked_is_not_staged(here: Work) -> None:
    change = here.change({"g.txt": b"g2\n"})
    here.box.git("rm", "-q", "--cached", "g.txt")
    plan = here.prepare(accepted(change), "index")
    assert [c.reason for c in plan.conflicts] == ["in the index there is no such file"]


def test_another_git_that_holds_the_index_is_waited_for_and_named(
    here: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = index_file.lock
    monkeypatch.setattr(index_file, "lock", functools.partial(patient, wait_s=0.05))
    change = here.change({"g.txt": b"g2\n"})
    lock = here.root / ".git/index.lock"
    lock.write_bytes(b"theirs")
    with pytest.raises(ConflictError, match=r"index\.lock"):
        here.land(change, "index")
    assert here.read("g.txt") == here.staged("g.txt") == b"g\n"
    assert lock.read_bytes() == b"theirs", "a lock of somebody else is never removed"
    lock.unlink()
    assert here.land(change, "index").landed
    assert here.staged("g.txt") == b"g2\n"


def test_a_commit_of_the_person_with_the_accepted_hunks_alone(here: Work) -> None:
    change = here.change({"f.txt": lines(l3="three", l20="twenty")})
    third, twentieth = (hunk.id for file in change.files for hunk in file.hunks)
    here.box.write("g.txt", b"staged\n")
    here.box.git("add", "g.txt")
    here.box.write("f.txt", lines(l40="mine"))
    head = here.box.text("rev-parse", "HEAD")
    landing = here.land(change, "commit", ids=[third])
    assert landing.landed == (third,)
    assert landing.commit == here.box.text("rev-parse", "HEAD")
    assert landing.branch == here.box.text("branch", "--show-current") == "main"
    assert here.box.text("rev-parse", "HEAD^") == head
    assert here.committed("f.txt") == here.staged("f.txt") == lines(l3="three")
    assert here.read("f.txt") == lines(l3="three", l40="mine")
    assert here.committed("g.txt") == b"g\n"
    assert here.staged("g.txt") == b"staged\n"
    assert here.box.text("log", "-1", "--format=%an <%ae>%n%(trailers:only)").splitlines() == [
        "Ada <ada@example.org>",
        "Makeitso-Run: r1",
        "Makeitso-Task: T1",
    ]
    undone = here.undo(landing, change)
    assert undone.conflicts == {}
    assert undone.commit == here.box.text("rev-parse", "HEAD")
    assert here.box.text("rev-parse", "HEAD~2") == head, "history is never rewritten"
    assert here.committed("f.txt") == here.staged("f.txt") == lines()
    assert here.read("f.txt") == lines(l40="mine")
    assert here.staged("g.txt") == b"staged\n"
    assert twentieth not in undone.hunks
    assert leftovers(here) == []


def test_a_hook_that_refuses_leaves_everything_as_it_was(here: Work) -> None:
    here.hook("pre-commit", "echo no line 20, please >&2\n! grep -qx twenty f.txt")
    change = here.change({"f.txt": lines(l20="twenty")})
    before = (here.box.state(), here.read("f.txt"))
    with pytest.raises(StateError, match="no line 20, please"):
        here.land(change, "commit")
    assert (here.box.state(), here.read("f.txt")) == before
    assert leftovers(here) == []
    fine = here.change({"f.txt": lines(l21="twenty-one")})
    assert here.land(fine, "commit").commit is not None


def test_hooks_see_the_commit_and_not_what_else_is_there(here: Work) -> None:
    here.hook("pre-commit", 'cat g.txt f.txt > "$OUT"; git diff --cached --name-only >> "$OUT"')
    out = here.root.parent / "seen"
    here.hook("commit-msg", 'echo "Signed-off-by: hook" >> "$1"')
    here.box.write("g.txt", b"not accepted\n")
    change = here.change({"f.txt": b"short\n"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OUT", str(out))
        here.land(change, "commit")
    assert out.read_text(encoding="utf-8") == "g\nshort\nf.txt\n"
    assert "Signed-off-by: hook" in here.box.text("log", "-1", "--format=%B")


def test_what_a_formatting_hook_changes_lands_everywhere(here: Work) -> None:
    here.hook("pre-commit", "sed -i s/twenty/TWENTY/ f.txt && echo made > made.txt && git add .")
    change = here.change({"f.txt": lines(l20="twenty")})
    here.box.write("f.txt", lines(l40="mine"))
    landing = here.land(change, "commit")
    assert here.committed("f.txt") == here.staged("f.txt") == lines(l20="TWENTY")
    assert here.read("f.txt") == lines(l20="TWENTY", l40="mine")
    assert here.read("made.txt") == here.committed("made.txt") == b"made\n"
    assert here.box.text("status", "--porcelain") == "M f.txt"
    (here.root / ".git/hooks/pre-commit").unlink()
    assert here.undo(landing, change).conflicts == {}
    assert here.read("f.txt") == lines(l40="mine")
    assert not (here.root / "made.txt").exists()


@pytest.mark.parametrize("what", ["merge", "rebase"])
def test_within_a_merge_or_rebase_nothing_is_committed(here: Work, what: str) -> None:
    change = here.change({"f.txt": lines(l20="twenty")})
    name = "MERGE_HEAD" if what == "merge" else "rebase-merge"
    here.box.write(f".git/{name}", here.box.text("rev-parse", "HEAD").encode() + b"\n")
    with pytest.raises(StateError, match=f"a {what} is under way"):
        here.land(change, "commit")
    assert here.read("f.txt") == lines()


def test_on_an_unborn_branch_it_is_the_first_commit(tmp_path: Path) -> None:
    there = work(tmp_path / "w", {})
    there.box.write("mine.txt", b"mine\n")
    blob = there.box.git("hash-object", "-w", "--stdin", stdin=b"new\n").decode().strip()
    empty = there.box.git("mktree").decode().strip()
    line = f"100644 blob {blob}\tnew.txt\n".encode()
    tree = there.box.git("mktree", stdin=line).decode().strip()
    change = there.between(empty, tree)
    landing = there.land(change, "commit")
    assert there.box.text("log", "--format=%H") == landing.commit
    assert there.box.text("status", "--porcelain") == "?? mine.txt"
    assert there.undo(landing, change).commit is not None
    assert not (there.root / "new.txt").exists()


def test_on_a_detached_head_the_commit_is_on_no_branch(here: Work) -> None:
    here.box.git("checkout", "-q", "--detach")
    landing = here.land(here.change({"g.txt": b"g2\n"}), "commit")
    assert landing.branch is None
    assert here.box.text("rev-parse", "HEAD") == landing.commit
    assert here.box.text("rev-parse", "main") == here.box.text("rev-parse", "HEAD^")


def test_a_branch_apart_touches_nothing_that_is_checked_out(here: Work) -> None:
    change = here.change({"f.txt": lines(l3="three", l20="twenty"), "gone.txt": None})
    first, *rest = (hunk.id for file in change.files for hunk in file.hunks)
    here.box.write("f.txt", lines(l3="in the way here"))
    here.box.git("add", "f.txt")
    before = here.box.state()
    landing = here.land(change, "branch", ids=[first])
    other = here.land(change, "branch", ids=rest)
    now = here.box.state()
    assert {key: now[key] for key in ("index", "head", "status")} == {
        key: before[key] for key in ("index", "head", "status")
    }
    assert here.committed("f.txt", "makeitso/r1") == lines(l3="three", l20="twenty")
    assert here.box.text("rev-parse", "makeitso/r1") == other.commit
    assert here.box.text("rev-parse", "makeitso/r1~2") == here.box.text("rev-parse", "main")
    assert here.undo(landing, change).conflicts == {}
    assert here.committed("f.txt", "makeitso/r1") == lines(l20="twenty")
    here.box.git("stash", "-q")
    here.box.git("checkout", "-q", "makeitso/r1")
    with pytest.raises(StateError, match="is checked out in"):
        here.undo(other, change)


@pytest.mark.parametrize("target", ["files", "index", "commit"])
def test_an_undo_keeps_later_edits_and_leaves_what_overlaps(here: Work, target: LandTarget) -> None:
    change = here.change(
        {"f.txt": lines(l3="three", l20="twenty"), "g.txt": b"g2\n", "new.txt": b"new\n"}
    )
    landing = here.land(change, target)
    here.box.write("f.txt", lines(l3="three", l20="twenty", l40="later"))
    here.box.write("g.txt", b"g3\n")
    undone = here.undo(landing, change)
    assert undone.conflicts == {"g.txt": "the same lines were changed since"}
    assert here.read("f.txt") == lines(l40="later")
    assert here.read("g.txt") == b"g3\n"
    assert not (here.root / "new.txt").exists()
    left = {hunk.id for file in change.files for hunk in file.hunks if file.path == "g.txt"}
    assert set(landing.landed) - set(undone.hunks) == left
    if target != "files":
        assert here.staged("g.txt") == b"g2\n"


def test_exact_modes_come_back(here: Work) -> None:
    (here.root / "gone.txt").chmod(0o640)
    change = here.change({"gone.txt": None, "g.txt": b"g\n"}, executable="g.txt")
    landing = here.land(change, "files")
    assert (here.root / "g.txt").stat().st_mode & 0o777 == 0o755
    here.undo(landing, change)
    assert (here.root / "gone.txt").stat().st_mode & 0o777 == 0o640
    assert (here.root / "g.txt").stat().st_mode & 0o777 == 0o644


def leftovers(there: Work) -> list[str]:
    """What making commits and holding the index may leave."""
    state = there.root / ".git/makeitso"
    found = [path.name for path in state.iterdir() if path.name.startswith(("commit-", "index-"))]
    return found + [path.name for path in (there.root / ".makeitso/commits").glob("*")]
