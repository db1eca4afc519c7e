"""Marks by lines and files, splits, joins and steps back: as scripts and people make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, add, change, work
from e2e.terminal import Terminal
from makeitso.scripted import Patch

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

SCRIPT = work(
    change("line 2", "line two"),
    change("line 3", "line three"),
    change("line 4", "line four"),
    change("line 30", "line thirty"),
)
POEM = FILES["poem.txt"]


def proposed(w: World) -> list[str]:
    """Hunk ids of a run that waits for its review."""
    w.mis("run", w.plan("spell", PLAN), "--yes", "--halt-on", "write_files").expect(3)
    return [str(hunk["id"]) for hunk in w.hunks()]


def states(w: World) -> dict[str, str]:
    return {str(hunk["id"]): str(hunk["state"]) for hunk in w.hunks()}


def test_lines_are_accepted_the_rest_rejected_and_exactly_that_lands(tmp_path: Path) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        first, second = proposed(w)
        body = str(w.hunks()[0]["diff"]).split("\n")[1:]
        old, new = body.index("-line 3") + 1, body.index("+line three") + 1
        w.mis("review", "accept", f"{first}:{old}-{old},{new}", "--json").expect(0)
        assert states(w) == {
            f"{first}.1": "pending", f"{first}.2": "accepted", f"{first}.3": "pending",
            second: "pending",
        }  # fmt: skip
        w.mis("review", "unmark").expect(0)
        assert states(w) == {first: "pending", second: "pending"}
        w.mis("review", "accept", f"{first}:{old},{new}", "--reject-rest").expect(0)
        assert w.read("poem.txt") == POEM, "landed before all hunks were marked"
        w.mis("review", "accept", "--file", "./poem.txt").expect(0, "landed: poem.txt")
        expected = POEM.replace("line 3\n", "line three\n").replace("line 30\n", "line thirty\n")
        assert w.read("poem.txt") == expected
        w.mis("review", "unmark").expect(0)
        assert "landed" in states(w).values()


def test_what_cannot_be_is_said_and_changes_nothing(tmp_path: Path) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        first, second = proposed(w)
        before = states(w)
        w.mis("review", "accept", f"{first}:1").expect(2, "unchanged")
        w.mis("review", "accept", f"{first}:900").expect(2, "has no lines 900-900")
        w.mis("review", "accept", f"{first}:x").expect(2, "ID:3-7")
        w.mis("review", "accept", first, "--reject-rest").expect(2, "no rest")
        w.mis("review", "accept", first, "--all").expect(2, "not both")
        nothing = w.mis("review", "accept").expect(2, "name hunks", "`mis review --json` lists")
        assert "not both" not in nothing.err
        w.mis("review", "split", second).expect(2, "--at LINE")
        w.mis("review", "join", second).expect(2, "is not split")
        w.mis("review", "unmark").expect(2, "no mark can be taken back")
        assert states(w) == before


def test_split_at_a_line_join_and_steps_back(tmp_path: Path) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        first, second = proposed(w)
        parts = w.mis("review", "split", second, "--at", "5", "--json").expect(0).lines[-1]
        assert parts == {"hunk": second, "parts": [f"{second}.1", f"{second}.2"]}
        w.mis("review", "reject", f"{second}.1").expect(0)
        w.mis("review", "accept", f"{second}.2").expect(0)
        w.mis("review", "join", f"{second}.1").expect(0)
        assert states(w)[second] == "pending"
        w.mis("review", "unmark", "--steps", "4").expect(0)
        assert states(w) == {first: "pending", second: "pending"}
        w.mis("review", "accept", "--task", "T1").expect(0, "landed")
        assert "line four\n" in w.read("poem.txt")


def test_only_what_nobody_has_looked_at(tmp_path: Path) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        first, second = proposed(w)
        assert len(w.mis("review", "--new", "--json").expect(0).rows) == 2
        assert w.mis("review", "looked", "--json").lines[-1] == {"looked": [first, second]}
        assert w.mis("review", "--new", "--json").expect(0).rows == []
        assert w.mis("review", "looked", "--json").lines[-1] == {"looked": []}


def test_at_a_terminal_lines_are_chosen_and_steps_are_taken_back(tmp_path: Path) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        first, second = proposed(w)
        body = str(w.hunks()[0]["diff"]).split("\n")[1:]
        old, new = body.index("-line 3") + 1, body.index("+line three") + 1
        asks = "accept this hunk"
        with Terminal(w, "review") as t:
            t.expect("+line two").expect(asks).type("l").expect(f"{old:>4} -line 3")
            t.expect("which lines").type(f"{old},{new}")
            t.expect("+line two").expect(asks).type("u").expect("taken back")
            t.expect("+line two").expect(asks).type("/thirty")
            t.expect("+line thirty").expect(asks).type("g1")
            t.expect("+line two").expect(asks).type("J")
            t.expect("+line thirty").expect(asks).type("J").expect("the last hunk")
            t.expect(asks).type("K").expect("+line two").expect(asks).type("s 3")
            t.expect("split into 2").expect("-line 2").expect(asks).type("m")
            t.expect("stands as one again").expect(asks).type("n")
            t.expect("+line thirty").expect(asks).type("u").expect("taken back")
            t.expect("+line two").expect(asks).type("q")
            t.end().expect(0)
        assert states(w) == {first: "pending", second: "pending"}
        with Terminal(w, "review") as t:
            t.expect(asks).type("y").expect("+line thirty").expect(asks).type("d")
            t.end().expect(0, "landed: poem.txt")
        assert "line three\n" in w.read("poem.txt")
        assert "line 30\n" in w.read("poem.txt")


def test_an_edit_that_does_not_fit_is_kept_and_offered_again(tmp_path: Path) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        proposed(w)
        editor = w.top / "editor.sh"
        wrong, right = "s/^-line 2/-line 99/; s/^+line two/+line II/", "s/^-line 99/-line 2/"
        editor.write_text(
            f'#!/bin/sh\ncp "$1" "$0.$(ls "$0"* | wc -l)"\n'
            f'if grep -q "^-line 99" "$1"; then sed -i "{right}" "$1"; '
            f'else sed -i "{wrong}" "$1"; fi\n'
        )
        editor.chmod(0o755)
        asks = "accept this hunk"
        with Terminal(w, "review", env={"EDITOR": str(editor)}) as t:
            t.expect("+line two").expect(asks).type("e").expect("does not fit").expect("opens it")
            (kept,) = (w.root / ".makeitso/review").glob("*.edit.diff")
            assert "+line II" in kept.read_text()
            t.expect("+line two").expect(asks).type("e")
            t.expect("+line thirty").expect(asks).type("u").expect("taken back")
            t.expect("+line two").expect(asks).type("e").expect("does not fit")
            t.expect("+line two").expect(asks).type("e")
            t.expect("+line thirty").expect(asks).type("y")
            t.end().expect(0, "landed: poem.txt")
        assert "line II\n" in w.read("poem.txt")
        assert not kept.exists()


def test_lines_of_a_new_file_and_of_one_that_goes_land_and_are_taken_back(tmp_path: Path) -> None:
    script = work(
        change("line 2", "line two"),
        add("fresh.txt", "one\ntwo\nthree\n"),
        Patch("*** Begin Patch\n*** Delete File: old.txt\n*** End Patch\n", "old"),
    )
    plan = PLAN.replace("`poem.txt`", "`*.txt`", 1)
    with world(tmp_path, script, files={**FILES, "old.txt": "a\nb\nc\n"}) as w:
        w.mis("run", w.plan("spell", plan), "--yes", "--halt-on", "write_files").expect(3)
        by_path = {str(h["path"]): str(h["id"]) for h in w.hunks()}
        fresh, old, poem = (by_path[f"{name}.txt"] for name in ("fresh", "old", "poem"))
        w.mis("review", "accept", f"{fresh}:1,3", f"{old}:2", "--reject-rest").expect(0)
        w.mis("review", "reject", poem).expect(0, "landed: fresh.txt, old.txt")
        assert w.read("fresh.txt") == "one\nthree\n"
        assert w.read("old.txt") == "a\nc\n"
        w.mis("review", "undo").expect(0)
        assert not (w.root / "fresh.txt").exists()
        assert w.read("old.txt") == "a\nb\nc\n"
        w.mis("review", "accept", old).expect(0)
        w.mis("review", "land").expect(0)
        assert not (w.root / "old.txt").exists()
