from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landing.landing_place import Place, accepted, file_of, hunks_of, plain, text, with_landed
from landing.landing_place import place as make_place
from makeitso.errors import StateError
from makeitso.landing import land
from makeitso.review import hunks, marks
from makeitso.workspace import snapshots
from review.changed_trees import Tree, budget, standing, tree_pairs

LINES = [f"line {number}" for number in range(1, 41)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("work") / "wörk space")


def with_lines(changes: dict[int, str], lines: list[str] | None = None) -> list[str]:
    out = list(lines or LINES)
    for number, line in changes.items():
        out[number - 1] = line
    return out


def three_hunks(place: Place) -> tuple[bytes, bytes]:
    """Base and proposal that differ in lines 3, 20 and 37."""
    base = text(*LINES)
    proposal = text(*with_lines({3: "three", 20: "twenty", 37: "thirty-seven"}))
    place.fill(plain({"f.txt": base}))
    return base, proposal


def without_links(tree: Tree) -> Tree:
    return {path: entry for path, entry in tree.items() if entry[0] != "120000"}


@budget(30)
@given(pair=tree_pairs(), data=st.data())
def test_on_untouched_files_a_choice_lands_exactly(
    place: Place, pair: tuple[Tree, Tree], data: st.DataObject
) -> None:
    """All accepted is git's own tree, none the base, a choice what its hunks make of the base."""
    base, proposal = pair
    place.fill(base)
    change = place.change(base, proposal)
    parts = {hunk.id for hunk in marks.all_hunks(change) if data.draw(st.booleans())}
    change = standing(change, parts)
    every = [hunk.id for hunk in marks.all_hunks(change) if hunk.state != "refused"]
    chosen = data.draw(st.one_of(st.just(every), st.sets(st.sampled_from(every or [""]))))
    plan = place.land(accepted(change, chosen))
    assert set(plan.landed) == set(every) & set(chosen)
    assert plan.conflicts == ()
    assert not plan.merged
    expected = dict(base)
    for file in change.files:
        picked = [hunk for hunk in file.hunks if hunk.id in chosen and hunk.state != "refused"]
        if not picked:
            continue
        if file.status == "deleted":
            del expected[file.path]
            continue
        old_mode, old = base.get(file.origin or file.path, ("", b""))
        mode, new = proposal[file.path]
        kinds = {hunk.kind for hunk in picked}
        if file.status in ("modified", "renamed") and not file.binary:
            new = hunks.apply(old, new, [hunk for hunk in picked if hunk.kind != "rename"])
        elif kinds & {"mode", "rename"} and "binary" not in kinds:
            new = old
        if file.status in ("modified", "mode", "renamed") and "mode" not in kinds:
            mode = old_mode
        name = file.path
        if file.origin is not None:  # lines without the name land under the name it has
            del expected[file.origin]
            name = file.path if "rename" in kinds else file.origin
        expected[name] = (mode, new)
    assert place.files() == expected
    if set(chosen) == set(every) and not any(file.refused for file in change.files):
        index = os.fspath(place.root / ".git" / "landed-index")
        env = {"GIT_INDEX_FILE": index}
        place.oracle.box.git("read-tree", "--empty", env=env)
        place.oracle.box.git("add", "-A", "--", ":!.makeitso", env=env)
        assert place.oracle.box.git("write-tree", env=env).decode().strip() == change.tree


def test_a_persons_edit_elsewhere_is_merged_with(place: Place) -> None:
    base, proposal = three_hunks(place)
    place.fill(plain({"f.txt": text(*with_lines({10: "mine"}))}))
    plan = place.land(accepted(place.change(plain({"f.txt": base}), plain({"f.txt": proposal}))))
    assert plan.merged
    assert plan.conflicts == ()
    wanted = with_lines({3: "three", 10: "mine", 20: "twenty", 37: "thirty-seven"})
    assert place.files() == plain({"f.txt": text(*wanted)})


def test_a_conflicting_hunk_is_set_aside_and_the_rest_of_the_file_lands(place: Place) -> None:
    base, proposal = three_hunks(place)
    place.fill(plain({"f.txt": text(*with_lines({20: "mine"})), "g.txt": b"g\n"}))
    change = place.change(
        plain({"f.txt": base, "g.txt": b"g\n"}), plain({"f.txt": proposal, "g.txt": b"G\n"})
    )
    plan = place.land(accepted(change))
    middle = hunks_of(change, "f.txt")[1].id
    assert [(conflict.hunk, conflict.path) for conflict in plan.conflicts] == [(middle, "f.txt")]
    assert "same lines were changed" in plan.conflicts[0].reason
    wanted = with_lines({3: "three", 20: "mine", 37: "thirty-seven"})
    assert place.files() == plain({"f.txt": text(*wanted), "g.txt": b"G\n"})


def test_what_the_person_undid_stays_undone(place: Place) -> None:
    base, proposal = three_hunks(place)
    change = place.change(plain({"f.txt": base}), plain({"f.txt": proposal}))
    first, second, third = hunks_of(change, "f.txt")
    change = with_landed(change, place.land(accepted(change, {first.id, second.id})))
    place.fill(plain({"f.txt": text(*with_lines({20: "twenty"}))}))  # undoes the first
    plan = place.land(marks.with_states(change, {third.id: "accepted"}))
    assert plan.landed == (third.id,)
    wanted = with_lines({20: "twenty", 37: "thirty-seven"})
    assert place.files() == plain({"f.txt": text(*wanted)})


def test_landing_again_changes_nothing(place: Place) -> None:
    base, proposal = three_hunks(place)
    change = accepted(place.change(plain({"f.txt": base}), plain({"f.txt": proposal})))
    place.land(change)
    before = (place.root / "f.txt").stat()
    plan = place.land(change)
    after = (place.root / "f.txt").stat()
    assert len(plan.landed) == 3
    assert plan.writes == ()
    assert (after.st_ino, after.st_mtime_ns, after.st_size) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_size,
    )


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("edit", [{}, {10: "mine"}])
def test_line_ends_and_byte_order_mark_stay_the_persons(
    place: Place, bom: bytes, edit: dict[int, str]
) -> None:
    base, proposal = three_hunks(place)
    change = accepted(place.change(plain({"f.txt": base}), plain({"f.txt": proposal})))
    place.fill(plain({"f.txt": bom + text(*with_lines(edit), eol="\r\n")}))
    plan = place.land(change)
    assert plan.conflicts == ()
    wanted = with_lines({3: "three", 20: "twenty", 37: "thirty-seven", **edit})
    assert place.files() == plain({"f.txt": bom + text(*wanted, eol="\r\n")})


def test_a_change_of_line_ends_itself_lands(place: Place) -> None:
    base, proposal = text("a", "b"), text("a", "b", eol="\r\n")
    place.fill(plain({"f.txt": base}))
    place.land(accepted(place.change(plain({"f.txt": base}), plain({"f.txt": proposal}))))
    assert place.files() == plain({"f.txt": proposal})


def test_creates_and_deletes_meet_what_is_there(place: Place) -> None:
    base = plain({"gone": b"1\n", "gone-changed": b"1\n", "gone-already": b"1\n", "edited": b"1\n"})
    proposal = plain({"new": b"n\n", "new-same": b"n\n", "new-other": b"n\n", "edited": b"2\n"})
    place.fill(
        plain({"gone": b"1\r\n", "gone-changed": b"2\n", "new-same": b"n\n", "new-other": b"x\n"})
    )
    change = place.change(base, proposal)
    plan = place.land(accepted(change))
    reasons = {conflict.path: conflict.reason for conflict in plan.conflicts}
    assert reasons == {
        "gone-changed": "it was changed since, so it is not deleted",
        "new-other": "another file is already there",
        "edited": "the file is gone from the workspace",
    }
    assert place.files() == plain(
        {"gone-changed": b"2\n", "new": b"n\n", "new-same": b"n\n", "new-other": b"x\n"}
    )


def test_binary_lands_whole_or_not(place: Place) -> None:
    base = plain({"a": b"\0a", "b": b"\0b", "c": b"\0c"})
    proposal = plain({"a": b"\0A", "b": b"\0B", "c": b"\0C"})
    place.fill(plain({"a": b"\0a", "b": b"\0mine", "c": b"\0C"}))
    plan = place.land(accepted(place.change(base, proposal)))
    assert [conflict.path for conflict in plan.conflicts] == ["b"]
    assert place.files() == plain({"a": b"\0A", "b": b"\0mine", "c": b"\0C"})


def test_binary_content_and_mode_are_decided_apart(place: Place) -> None:
    base: Tree = {"a": ("100644", b"\0a")}
    proposal: Tree = {"a": ("100755", b"\0A")}
    change = place.change(base, proposal)
    mode, binary = hunks_of(change, "a")
    assert (mode.kind, binary.kind) == ("mode", "binary")
    for chosen, wanted in (
        ({mode.id}, ("100755", b"\0a")),
        ({binary.id}, ("100644", b"\0A")),
        ({mode.id, binary.id}, ("100755", b"\0A")),
    ):
        place.fill(base)
        place.land(accepted(change, chosen))
        assert place.files() == {"a": wanted}


def test_modes_are_kept_and_the_executable_bit_lands(place: Place) -> None:
    base: Tree = {"tool": ("100644", b"1\n"), "secret": ("100644", b"1\n")}
    proposal: Tree = {"tool": ("100755", b"1\n"), "secret": ("100644", b"2\n")}
    place.fill(base)
    (place.root / "secret").chmod(0o600)
    (place.root / "tool").chmod(0o640)
    change = place.change(base, proposal)
    assert file_of(change, "tool").protected
    place.land(accepted(change))
    assert (place.root / "tool").stat().st_mode & 0o777 == 0o750
    assert (place.root / "secret").stat().st_mode & 0o777 == 0o600


def test_hard_links_are_not_written_through(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place.fill(plain({"f": b"1\n"}))
    other = tmp_path_factory.mktemp("outside") / "other"
    other.hardlink_to(place.root / "f")
    place.land(accepted(place.change(plain({"f": b"1\n"}), plain({"f": b"2\n"}))))
    assert other.read_bytes() == b"1\n"
    assert place.files() == plain({"f": b"2\n"})


def test_links_and_odd_things_in_the_way_are_conflicts(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "x").write_bytes(b"1\n")
    base = plain({"d/x": b"1\n", "l": b"1\n", "p": b"1\n", "ok": b"1\n", "dir": b"1\n"})
    proposal = plain(dict.fromkeys((*base, "d/new"), b"2\n"))
    place.fill(plain({"ok": b"1\n", "dir/x": b"x\n"}))
    (place.root / "d").symlink_to(outside)
    (place.root / "l").symlink_to(outside / "x")
    os.mkfifo(place.root / "p")
    change = accepted(place.change(base, proposal))
    plan = place.prepare(change)
    place.commit(plan)
    land.forget(place.root, plan.id)
    assert {conflict.path for conflict in plan.conflicts} == {"d/x", "d/new", "l", "p", "dir"}
    assert [entry.name for entry in outside.iterdir()] == ["x"]
    assert (outside / "x").read_bytes() == b"1\n"
    assert (place.root / "ok").read_bytes() == b"2\n"
    (place.root / "p").unlink()


def test_refused_hunks_never_land_whatever_is_recorded(place: Place) -> None:
    base, proposal = plain({"a": b"1\n"}), plain({"a": b"2\n"})
    proposal["link"] = ("120000", b"/etc/passwd")
    place.fill(base)
    change = place.change(base, proposal)
    plan = place.land(accepted(change))
    assert plan.landed == (hunks_of(change, "a")[0].id,)
    forced = [
        file.model_copy(
            update={"hunks": tuple(h.model_copy(update={"state": "accepted"}) for h in file.hunks)}
        )
        for file in change.files
    ]
    plan = place.land(change.model_copy(update={"files": tuple(forced)}))
    assert [conflict.reason for conflict in plan.conflicts] == ["it is a symbolic link"]
    assert place.files() == plain({"a": b"2\n"})


def test_a_held_task_does_not_land(place: Place) -> None:
    base, proposal = plain({"a": b"1\n"}), plain({"a": b"2\n", "conftest.py": b"x\n"})
    place.fill(base)
    change = place.change(base, proposal)
    ordinary = hunks_of(change, "a")[0].id
    with pytest.raises(StateError, match=r"conftest\.py"):
        place.prepare(marks.with_states(change, {ordinary: "accepted"}))
    place.land(accepted(change, {ordinary}))
    assert place.files() == plain({"a": b"2\n"})


def test_attributes_of_the_workspace_hold(place: Place) -> None:
    """Blobs are in git's form; the files get the line ends, encoding and filters of the person."""
    attributes = b"*.txt text eol=crlf\n*.up filter=up\n*.16 working-tree-encoding=UTF-16LE\n"
    place.oracle.box.git("config", "filter.up.clean", "tr a-z A-Z")
    place.oracle.box.git("config", "filter.up.smudge", "tr A-Z a-z")
    body, changed = text(*LINES), text(*with_lines({5: "five"}))
    base = plain({"a.txt": body, "b.up": body.upper(), "c.16": body, ".gitattributes": attributes})
    proposal = dict(base) | plain(
        {
            "a.txt": changed,
            "b.up": changed.upper(),
            "c.16": changed,
            "new.txt": b"n\n",
            "new.up": b"N\n",
        }
    )
    mine = text(*with_lines({30: "mine"}))
    place.fill(
        plain(
            {
                ".gitattributes": attributes,
                "a.txt": mine.replace(b"\n", b"\r\n"),
                "b.up": mine,
                "c.16": mine.decode().encode("utf-16-le"),
            }
        )
    )
    repo = place.oracle.repo
    taken = snapshots.take(repo, repo.root, run="r", task="T", name="mine")
    assert place.oracle.box.git("show", f"{taken.tree}:b.up") == mine.upper()
    plan = place.land(accepted(place.change(base, proposal)))
    assert plan.conflicts == ()
    both = text(*with_lines({5: "five", 30: "mine"}))
    found = place.files()
    assert found["a.txt"][1] == both.replace(b"\n", b"\r\n")
    assert found["b.up"][1] == both
    assert found["c.16"][1] == both.decode().encode("utf-16-le")
    assert found["new.txt"][1] == b"n\r\n"
    assert found["new.up"][1] == b"n\n"
    (place.root / ".gitattributes").unlink()


@pytest.mark.parametrize(("before", "after"), [("d", "d/x"), ("d/x", "d")])
def test_a_file_and_a_directory_changing_places_land_in_two_steps(
    place: Place, before: str, after: str
) -> None:
    base, proposal = plain({before: b"1\n"}), plain({after: b"2\n"})
    place.fill(base)
    change = accepted(place.change(base, proposal))
    plan = place.land(change)
    assert place.files() == {}
    assert [conflict.path for conflict in plan.conflicts] == [after]
    (aside,) = (conflict.hunk for conflict in plan.conflicts)
    again = marks.with_states(with_landed(change, plan), {aside: "accepted"})
    assert place.land(again).conflicts == ()
    assert place.files() == proposal
