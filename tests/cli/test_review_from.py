"""`mis review --from`: a colleague's branch gone through like a proposal, in a plain repository."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import pytest

import git_sandbox
from cli.mis_process import Mis
from makeitso.cli.review.foreign import MOST_LISTED

if TYPE_CHECKING:
    from pathlib import Path

    from cli.mis_process import Ended
    from git_sandbox import Sandbox

NUMBERS = "".join(f"{n}\n" for n in range(1, 31))
Rows = list[dict[str, object]]


@dataclass(frozen=True)
class Desk:
    mis: Mis
    box: Sandbox

    def rows(self, *args: str) -> Rows:
        done = self.mis("review", *args, "--json")
        assert done.code == 0, done
        return cast("Rows", done.json)

    def states(self, *args: str) -> dict[str, str]:
        return {str(row["path"]): str(row["state"]) for row in self.rows(*args)}

    def ids(self, *args: str) -> list[str]:
        return [str(row["id"]) for row in self.rows(*args)]

    def text(self, path: str = "a.txt") -> str:
        return (self.box.root / path).read_text()

    def runs(self) -> Rows:
        found = cast("dict[str, Rows]", self.mis("status", "--all", "--json").json)
        return found["runs"]

    def on_branch(self, path: str, text: str, message: str) -> None:
        there = git_sandbox.Sandbox(self.box.root.parent / "colleague")
        if not there.root.exists():
            self.box.git("worktree", "add", "-q", str(there.root), "speed")
        there.write(path, text.encode())
        there.commit(message)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "home").mkdir()
    box = git_sandbox.make(tmp_path / "wörk place")
    box.write("a.txt", NUMBERS.encode())
    box.commit("one")
    box.git("branch", "speed")
    desk = Desk(Mis(tmp_path / "home", box.root, dict(git_sandbox.ENVIRONMENT)), box)
    changed = NUMBERS.replace("\n3\n", "\nthree\n").replace("\n25\n", "\ntwenty-five\n")
    desk.on_branch("a.txt", changed, "Numbers in words")
    return desk


def files(box: Sandbox) -> set[str]:
    return {
        str(path.relative_to(box.root))
        for path in box.root.rglob("*")
        if "objects" not in path.parts
    }


def test_looking_leaves_no_trace(desk: Desk) -> None:
    before = (files(desk.box), desk.box.state())
    ended = desk.mis("review", "--from", "speed")
    assert ended.code == 0
    assert [line.split()[1:3] for line in ended.out.splitlines()] == [
        ["pending", "a.txt:1"],
        ["pending", "a.txt:22"],
    ]
    assert "speed: Numbers in words" in ended.err
    assert "mis review open speed" in ended.err
    left = desk.mis.on_terminal("review", "--from", "speed", until="accept this hunk", answer="q\n")
    assert left.code == 0
    assert (files(desk.box), desk.box.state()) == before


def test_of_a_large_change_the_first_hunks_are_listed(desk: Desk) -> None:
    for number in range(MOST_LISTED + 3):
        desk.box.write(f"many/{number:03}.txt", b"1\n")
    desk.box.git("add", "-A")
    desk.box.git("stash")
    ended = desk.mis("review", "open", "stash")
    assert len(ended.out.splitlines()) == MOST_LISTED
    assert "… and 3 hunks more" in ended.err
    (run,) = desk.runs()
    assert f"`mis review --run {run['id']}` goes" in ended.err
    whole = desk.mis("review", "open", "stash", "--all")
    assert len(whole.out.splitlines()) == MOST_LISTED + 3
    assert "more" not in whole.err
    told = cast("dict[str, dict[str, str]]", desk.mis("review", "open", "stash", "--json").json)
    assert len(told["hunks"]) == MOST_LISTED + 3
    assert len(desk.ids("--run", str(run["id"]))) == MOST_LISTED + 3


def test_a_branch_is_gone_through_on_a_terminal(desk: Desk) -> None:
    ended = desk.mis.on_terminal(
        "review", "--from", "speed", until="accept this hunk", answer="a\n"
    )
    assert ended.code == 0, ended.out
    assert "three" in desk.text()
    assert "twenty-five" in desk.text()
    (run,) = desk.runs()
    assert (run["state"], run["source"]) == (
        "done",
        {"kind": "branch", "name": "speed", "key": "ref:refs/heads/speed"},
    )


def test_marks_land_in_the_files_and_nowhere_else(desk: Desk) -> None:
    state = desk.box.state()
    assert desk.mis("review", "open", "speed").code == 0
    first, second = desk.ids()
    assert "a review of branch speed" in desk.mis("status").out
    assert desk.mis("review", "accept", first).code == 0
    assert desk.text() == NUMBERS  # the other one is open still
    assert desk.mis("review", "reject", second).code == 0
    assert desk.text() == NUMBERS.replace("\n3\n", "\nthree\n")
    after = desk.box.state()
    assert {k: after[k] for k in ("index", "head", "refs")} == {
        k: state[k] for k in ("index", "head", "refs")
    }
    assert not list((desk.box.root / ".makeitso" / "plans").glob("*"))


def test_what_lands_on_a_branch_apart_stands_on_the_commits_of_the_person(desk: Desk) -> None:
    desk.box.write("gone.txt", b"gone\n")
    desk.box.commit("two")
    there = git_sandbox.Sandbox(desk.box.root.parent / "colleague")
    there.git("merge", "-q", "main")
    there.git("rm", "-q", "gone.txt")
    there.commit("Without it")
    assert desk.mis("review", "open", "speed").code == 0
    (gone,) = [str(row["id"]) for row in desk.rows() if row["path"] == "gone.txt"]
    desk.mis("review", "accept", gone)
    assert "landed: gone.txt" in desk.mis("review", "land", "--target", "branch").err
    (branch,) = desk.box.text("branch", "--list", "makeitso/*", "--format=%(refname)").split()
    assert desk.box.text("rev-parse", f"{branch}^") == desk.box.text("rev-parse", "main")
    assert desk.box.text("diff", "--name-status", "main", branch).split() == ["D", "gone.txt"]
    assert (desk.box.root / "gone.txt").exists()


def test_a_file_or_a_task_named_like_a_hunk_is_told_its_option(desk: Desk) -> None:
    assert desk.mis("review", "open", "speed").code == 0
    (task,) = {str(row["task"]) for row in desk.rows()}
    for name, said in (("a.txt", "--file a.txt"), (task, f"--task {task}")):
        ended = desk.mis("review", "accept", name)
        assert (ended.code, said in ended.err) == (2, True), ended.err
    assert set(desk.states().values()) == {"pending"}
    assert "there is no hunk nosuch" in desk.mis("review", "accept", "nosuch").err


def test_a_branch_that_moved_is_the_next_round(desk: Desk) -> None:
    desk.mis("review", "open", "speed")
    first, second = desk.ids()
    desk.mis("review", "reject", second)
    desk.on_branch("c.txt", "new\n", "A file more")
    ended = desk.mis("review", "open", "speed")
    assert "round 2: 1 hunk is new since you last looked" in ended.err
    rows = {str(row["id"]): row for row in desk.rows()}
    assert (rows[first]["state"], rows[second]["state"]) == ("pending", "rejected")
    assert "c.txt" in [row["path"] for row in rows.values() if row["new"]]
    assert len(desk.runs()) == 1


def test_marks_follow_a_branch_that_was_rebased(desk: Desk) -> None:
    desk.mis("review", "open", "speed")
    first, second = desk.ids()
    desk.mis("review", "accept", first)
    desk.box.write("a.txt", NUMBERS.replace("\n15\n", "\nfifteen\n").encode())
    desk.box.commit("main moves on")
    git_sandbox.Sandbox(desk.box.root.parent / "colleague").git("rebase", "-q", "main")
    assert "0 hunks are new" in desk.mis("review", "open", "speed").err
    rows = desk.rows()
    assert not {first, second} & {row["id"] for row in rows}  # another base, other ids
    assert [row["state"] for row in rows] == ["accepted", "pending"]
    desk.mis("review", "accept", "--all")
    text = desk.text()
    assert all(word in text for word in ("three", "fifteen", "twenty-five"))


def cut_and_said(desk: Desk) -> tuple[str, str]:
    """Two lines that are replaced beside each other, decided apart, with a word on the second."""
    both = NUMBERS.replace("\n3\n4\n", "\nthree\nfour\n")
    desk.on_branch("a.txt", both.replace("\n25\n", "\ntwenty-five\n"), "Two at once")
    desk.mis("review", "open", "speed")
    whole, other = desk.ids()
    body = str(desk.rows()[0]["diff"]).split("\n")[1:]
    mine = [n for n, line in enumerate(body, start=1) if line in ("-3", "+three")]
    assert desk.mis("review", "accept", f"{whole}:{mine[0]},{mine[1]}").code == 0
    part = next(i for i, row in zip(desk.ids(), desk.rows(), strict=True) if row_adds(row, "four"))
    assert desk.mis("review", "comment", part, "why", "in", "words?").code == 0
    assert desk.mis("review", "comment", f"{other}:5", "and", "this?").code == 0
    return part, other


def row_adds(row: dict[str, object], word: str) -> bool:
    return f"\n+{word}\n" in str(row["diff"])


def heard(desk: Desk) -> dict[str, str]:
    """What the line says that is added first by the hunk that each comment stands at."""
    rows = {str(row["id"]): str(row["diff"]) for row in desk.rows()}
    said = cast("Rows", desk.mis("review", "comments", "--json").json)
    return {
        str(one["text"]): rows.get(str(one["hunk"]), "").partition("\n+")[2].partition("\n")[0]
        for one in said
    }


def test_lines_that_are_decided_and_spoken_of_are_so_in_the_next_round(desk: Desk) -> None:
    cut_and_said(desk)
    assert heard(desk) == {"why in words?": "four", "and this?": "twenty-five"}
    text = NUMBERS.replace("\n3\n4\n5\n", "\nthree\nFOUR\nfive\n")
    desk.on_branch("a.txt", text.replace("\n25\n", "\n25.0\n"), "Louder")
    assert "round 2" in desk.mis("review", "open", "speed").err
    rows = desk.rows()
    assert [(row["state"], row["new"]) for row in rows] == [
        ("accepted", False),
        ("pending", True),
        ("pending", True),
    ]
    assert row_adds(rows[0], "three")
    assert not row_adds(rows[0], "FOUR")
    assert heard(desk) == {"why in words?": "FOUR", "and this?": "25.0"}
    desk.mis("review", "accept", "--all")
    assert desk.text() == text.replace("\n25\n", "\n25.0\n")


def test_parts_and_what_was_said_follow_a_branch_that_was_rebased(desk: Desk) -> None:
    part, _ = cut_and_said(desk)
    before = "".join(f"{n}\n" for n in (-1, 0))
    desk.box.write("a.txt", (before + NUMBERS).encode())
    desk.box.commit("main moves on")
    git_sandbox.Sandbox(desk.box.root.parent / "colleague").git("rebase", "-q", "main")
    assert "0 hunks are new" in desk.mis("review", "open", "speed").err
    rows = desk.rows()
    assert part not in [row["id"] for row in rows], "another base, other ids"
    assert [row["state"] for row in rows] == ["accepted", "pending", "pending"]
    assert row_adds(rows[0], "three")
    assert heard(desk) == {"why in words?": "four", "and this?": "twenty-five"}
    desk.mis("review", "accept", "--all")
    words = NUMBERS.replace("\n3\n4\n", "\nthree\nfour\n").replace("\n25\n", "\ntwenty-five\n")
    assert desk.text() == before + words


def test_a_review_that_ended_opens_again_when_its_branch_moves(desk: Desk) -> None:
    desk.mis("review", "open", "speed")
    desk.mis("review", "accept", "--all")
    assert [run["state"] for run in desk.runs()] == ["done"]
    desk.on_branch("c.txt", "new\n", "A file more")
    desk.mis("review", "open", "speed")
    assert [run["state"] for run in desk.runs()] == ["waiting"]
    desk.mis("review", "accept", "--all")
    assert desk.text("c.txt") == "new\n"
    assert [run["state"] for run in desk.runs()] == ["done"]


def test_an_edit_of_the_persons_own_is_what_lands(desk: Desk, tmp_path: Path) -> None:
    script = tmp_path / "edit.py"
    script.write_text(
        "import sys, pathlib\np = pathlib.Path(sys.argv[1])\n"
        "p.write_text(p.read_text().replace('+three', '+THREE'))\n"
    )
    editor = f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"
    desk.mis("review", "open", "speed")
    desk.mis("review", "reject", desk.ids()[1])
    mis = replace(desk.mis, extra={**desk.mis.extra, "EDITOR": editor})
    ended = mis.on_terminal("review", "--from", "speed", until="accept this hunk", answer="e\n")
    assert ended.code == 0, ended.out
    assert desk.text() == NUMBERS.replace("\n3\n", "\nTHREE\n")


def edited(desk: Desk, tmp_path: Path) -> None:
    """The first hunk says THREE, by the person's hand; the second is open."""
    script = tmp_path / "edit.py"
    script.write_text(
        "import sys, pathlib\np = pathlib.Path(sys.argv[1])\n"
        "p.write_text(p.read_text().replace('+three', '+THREE'))\n"
    )
    editor = f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"
    desk.mis("review", "open", "speed")
    mis = replace(desk.mis, extra={**desk.mis.extra, "EDITOR": editor})
    ended = mis.on_terminal("review", "--from", "speed", until="accept this hunk", answer="e\nq\n")
    assert ended.code == 0, ended.out
    assert [row["state"] for row in desk.rows()] == ["accepted", "pending"]


@pytest.mark.parametrize("rebased", [False, True])
def test_what_a_person_edited_is_kept_when_the_branch_moves_on(
    desk: Desk, tmp_path: Path, rebased: bool
) -> None:
    edited(desk, tmp_path)
    for number, path in enumerate(("c.txt", "d.txt"), start=2):
        if rebased:
            desk.box.write(f"main{number}.txt", b"other\n")
            desk.box.commit("main moves on")
            git_sandbox.Sandbox(desk.box.root.parent / "colleague").git("rebase", "-q", "main")
        desk.on_branch(path, "new\n", "A file more")
        ended = desk.mis("review", "open", "speed")
        assert f"round {number}: 1 hunk is new" in ended.err
        states = [row["state"] for row in desk.rows() if row["path"] == "a.txt"]
        assert states == ["accepted", "pending"]
        assert desk.mis("review", "open", "speed").code == 0, "opened again it has not moved"
        assert len(desk.rows()) == number + 1
    desk.mis("review", "accept", "--all")
    text = desk.text()
    assert "THREE" in text
    assert "twenty-five" in text
    assert desk.text("d.txt") == "new\n"


def test_an_edit_that_does_not_fit_what_came_is_said_and_can_be_had(
    desk: Desk, tmp_path: Path
) -> None:
    edited(desk, tmp_path)
    changed = NUMBERS.replace("\n3\n", "\ndrei\n").replace("\n25\n", "\ntwenty-five\n")
    desk.on_branch("a.txt", changed, "In German")
    ended = desk.mis("review", "open", "speed")
    assert [row["state"] for row in desk.rows()] == ["pending", "pending"]
    (note,) = [line for line in ended.err.split("\n") if "does not fit" in line]
    assert note.strip().startswith("a.txt: what you edited does not fit what came since")
    command = note.split("`")[1].split()
    assert "THREE" in desk.box.text(*command[1:])


def test_a_patch_on_stdin_can_be_gone_through(desk: Desk) -> None:
    patch = desk.box.root.parent / "p.diff"
    patch.write_bytes(desk.box.git("diff", "main", "speed"))
    assert desk.states("--from", str(patch)) == {"a.txt": "pending"}
    looked = desk.mis("review", "--from", str(patch), "--stat")
    assert f"`mis review open {shlex.quote(str(patch))}` lets hunks be marked" in looked.err
    broken = desk.mis("review", "--from", "nowhere.patch", "--json")
    assert broken.code == 2
    assert cast("dict[str, object]", broken.json)["code"] == -32006


def test_a_symlink_and_a_hook_never_land(desk: Desk) -> None:
    (desk.box.root.parent / "colleague" / "way").symlink_to("/etc")
    desk.on_branch("d.txt", "d\n", "A way out")
    desk.mis("review", "open", "speed")
    assert desk.states()["way"] == "refused"
    desk.mis("review", "accept", "--all")
    assert not (desk.box.root / "way").exists()
    assert "three" in desk.text()


def test_cleaning_ends_a_review_and_opening_revives_its_marks(desk: Desk) -> None:
    desk.mis("review", "open", "speed")
    first, _ = desk.ids()
    desk.mis("review", "accept", first)
    shown = desk.mis("clean", "--dry-run")
    assert "review of branch speed" in shown.out
    assert desk.mis("clean", "--auto").code == 0
    assert [run["state"] for run in desk.runs()] == ["waiting"]
    assert desk.mis("clean", "--yes").code == 0
    assert [run["state"] for run in desk.runs()] == ["stopped"]
    assert desk.text() == NUMBERS
    desk.mis("review", "open", "speed")
    assert [row["state"] for row in desk.rows()] == ["accepted", "pending"]


def test_without_a_journal_options_make_sense_or_say_so(desk: Desk) -> None:
    def code(*args: str) -> Ended:
        return desk.mis("review", *args)

    assert code("--from", "speed", "--run", "r1").code == 2
    assert code("--stat", "--name-only").code == 2
    assert code("--from", "main").code == 0
    assert "changes nothing here" in code("--from", "main").err
    assert code("--from", "main", "--json").out == "[]\n"
    assert code("show", "0123456789ab").code == 2
    assert not (desk.box.root / ".makeitso").exists()


def test_two_reviews_are_two_runs(desk: Desk) -> None:
    desk.mis("review", "open", "speed")
    desk.mis("review", "open", "main..speed")
    assert [run["id"] for run in desk.runs()] == sorted({str(run["id"]) for run in desk.runs()})
    assert [cast("dict[str, str]", run["source"])["kind"] for run in desk.runs()] == [
        "branch",
        "range",
    ]


def test_a_renamed_file_is_one_file_and_lands_under_its_name(desk: Desk) -> None:
    box = desk.box
    box.git("checkout", "-q", "-b", "names")
    box.git("mv", "a.txt", "b.txt")
    box.write("b.txt", NUMBERS.replace("\n20\n", "\ntwenty\n").encode())
    box.commit("Renamed")
    box.git("checkout", "-q", "main")
    looked = desk.mis("review", "--from", "names", "--stat")
    assert " a.txt => b.txt | +1 -1  2 pending" in looked.out
    kinds = {str(row["kind"]): str(row["id"]) for row in desk.rows("--from", "names")}
    assert set(kinds) == {"rename", "text"}
    assert "(renamed, it was a.txt)" in desk.mis("review", "--from", "names").out
    assert "a.txt:20:1: 20 [" in desk.mis("review", "--from", "names", "--quickfix").out
    assert desk.mis("review", "open", "names").code == 0
    done = desk.mis("review", "accept", kinds["text"])
    assert done.code == 0, done
    done = desk.mis("review", "land")
    assert done.code == 0, done
    assert "\ntwenty\n" in desk.text("a.txt")
    (document,) = (box.root / ".makeitso/review").glob("*.diff")
    said = document.read_text("utf-8")
    assert "rename from a.txt\nrename to b.txt\n" in said
    assert f"# [pending {kinds['rename']}" in said
    assert "b.txt: renamed, it was a.txt" in said
