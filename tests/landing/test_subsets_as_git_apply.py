"""Any subset of marks, landed, is what `git apply` makes of that subset, or a reported conflict."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import git_sandbox
from landing.landing_place import Place, accepted, hunks_of, place
from makeitso.workspace.trees import Entry, with_entries
from review.changed_trees import budget, standing, tree_pairs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from makeitso.protocol.change import Change, ChangedFile, Hunk
    from review.changed_trees import Tree


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return place(tmp_path_factory.mktemp("landing") / "w")


def patch_of(here: Place, change: Change, file: ChangedFile, picked: Sequence[Hunk]) -> bytes:
    """What git itself says of a file, with these hunks alone in it."""
    kinds = {hunk.kind for hunk in picked}
    hunks, names, tree = hunks_of(change, file.path), {file.path}, change.tree
    if file.origin is not None and "rename" in kinds:
        names.add(file.origin)
    elif file.origin is not None:  # what changed within it, under the name it has
        hunks, names = [hunk for hunk in hunks if hunk.kind != "rename"], {file.origin}
        entry = Entry(file.new_mode or "", file.new_blob or "")
        tree = with_entries(here.oracle.repo, change.base_tree, {file.origin: entry})
    whole = here.oracle.box.git(
        "diff", "--binary", "--full-index", "-M50%" if len(names) > 1 else "--no-renames",
        change.base_tree, tree, "--", *(f":(literal){name}" for name in sorted(names)),
    )  # fmt: skip
    if len(picked) == len(hunks):
        return whole
    head, mark, _ = whole.partition(b"\n@@ ")
    head = head if mark else re.split(rb"\nGIT binary patch\n", whole)[0]
    lines = head.split(b"\n")
    if "mode" not in kinds:
        lines = [line for line in lines if not line.startswith((b"old mode", b"new mode"))]
    if kinds <= {"rename", "mode"}:
        said = (b"diff ", b"similarity ", b"rename ", b"old mode", b"new mode")
        return b"\n".join(line for line in lines if line.startswith(said)) + b"\n"
    if "binary" in kinds:
        body = whole[whole.index(b"\nGIT binary patch\n") + 1 :]
    else:
        body = "".join(in_row([hunk for hunk in picked if hunk.kind == "text"])).encode()
    return b"\n".join(lines) + b"\n" + body


def in_row(hunks: Sequence[Hunk]) -> Iterator[str]:
    """Hunks as they are without the others: git takes one without context at its new place."""
    shift = 0
    for hunk in hunks:
        head, _, body = hunk.diff.partition("\n")
        first = hunk.old_start + (hunk.old_lines == 0) + shift - (hunk.new_lines == 0)
        yield re.sub(r"\+\d+", f"+{first}", head, count=1) + f"\n{body}"
        shift += hunk.new_lines - hunk.old_lines


def escaped(file: ChangedFile) -> bool:
    """Whether its shown text does not say its bytes, so that only all of it is a patch."""
    return any("\\x" in hunk.diff for hunk in file.hunks)


def drawn(data: st.DataObject, change: Change) -> set[str]:
    chosen: set[str] = set()
    for file in change.files:
        able = [hunk.id for hunk in file.hunks if hunk.state != "refused"]
        if not able:
            continue
        if escaped(file):
            chosen |= set(able) if data.draw(st.booleans()) else set()
        else:
            chosen |= data.draw(st.sets(st.sampled_from(able)))
    return chosen


def aside(here: Place, tree: Tree) -> git_sandbox.Sandbox:
    """A directory beside, outside of any repository, with these files."""
    root = here.root.parent / "aside"
    shutil.rmtree(root, ignore_errors=True)
    box = git_sandbox.make(root)
    for path, (mode, data) in tree.items():
        if mode == "120000":
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).symlink_to(os.fsdecode(data))
        else:
            box.write(path, data, executable=mode == "100755")
    return box


def applied(box: git_sandbox.Sandbox, patch: bytes, *options: str) -> bool:
    try:
        box.git("apply", "--whitespace=nowarn", *options, "-", stdin=patch)
    except AssertionError:
        return False
    return True


def files(root: Path) -> Tree:
    found: Tree = {}
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if name.split("/")[0] in (".git", ".makeitso"):
            continue
        if path.is_symlink():
            found[name] = ("120000", os.fsencode(path.readlink()))
        elif path.is_file():
            mode = "100755" if os.access(path, os.X_OK) else "100644"
            found[name] = (mode, path.read_bytes())
    return found


@budget(25)
@given(pair=tree_pairs(), data=st.data())
def test_on_what_it_was_made_for(here: Place, pair: tuple[Tree, Tree], data: st.DataObject) -> None:
    """Modes, renames, CRLF, BOM, no newline, binary, empty, odd names, moved lines, in parts."""
    base, proposal = pair
    change = here.change(base, proposal)
    split = {
        hunk.id
        for file in change.files
        if not escaped(file)
        for hunk in file.hunks
        if hunk.kind == "text" and data.draw(st.booleans())
    }
    change = standing(change, split)
    chosen = drawn(data, change)
    here.fill(base)
    plan = here.land(accepted(change, chosen))
    assert (set(plan.landed), plan.conflicts) == (chosen, ())
    box = aside(here, base)
    patch = b"".join(
        patch_of(here, change, file, picked)
        for file in change.files
        if (picked := [hunk for hunk in file.hunks if hunk.id in chosen])
    )
    if patch:
        assert applied(box, patch, "--unidiff-zero")
    assert here.files() == files(box.root)


NAMES = ("a.txt", "dir/ünï.txt", "crlf.txt", "bom.txt", "open end.txt")
LINES = 30


def numbered(name: str) -> list[bytes]:
    """Lines of which none is like another, so that there is one place for each hunk."""
    end = b"\r\n" if name == "crlf.txt" else b"\n"
    lines = [f"{name} {number}".encode() + end for number in range(LINES)]
    if name == "bom.txt":
        lines[0] = b"\xef\xbb\xbf" + lines[0]
    if name == "open end.txt":
        lines[-1] = lines[-1].rstrip(b"\r\n")
    return lines


@st.composite
def rewritten(draw: st.DrawFn, name: str, word: str) -> bytes:
    """The lines with some replaced, taken out, put in or moved."""
    lines = numbered(name)
    end = b"\r\n" if name == "crlf.txt" else b"\n"
    for number in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(lines) - 2))
        new = f"{word} {number}".encode() + end
        match draw(st.sampled_from(["replace", "insert", "delete", "move"])):
            case "replace":
                lines[at] = new
            case "insert":
                lines.insert(at, new)
            case "delete":
                del lines[at]
            case _:
                line = lines.pop(at)
                lines.insert(draw(st.integers(0, len(lines) - 1)), line)
    return b"".join(lines)


def merged(here: Place, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
    """What `git merge-file` makes of it, where `git apply` finds no place; None: nor does it."""
    box = git_sandbox.Sandbox(here.root.parent)
    for name, data in (("ours", ours), ("base", base), ("theirs", theirs)):
        box.write(name, data)
    try:
        return box.git("merge-file", "-p", "-q", "ours", "base", "theirs")
    except AssertionError:
        return None


@budget(25)
@given(data=st.data())
def test_on_what_a_person_has_edited_since(here: Place, data: st.DataObject) -> None:
    """What landed is as `git apply` or git's merge has it; what did not is said and not there."""
    base: Tree = {name: ("100644", b"".join(numbered(name))) for name in NAMES}
    proposal: Tree = {name: ("100644", data.draw(rewritten(name, "theirs"))) for name in NAMES}
    person: Tree = {name: ("100644", data.draw(rewritten(name, "mine"))) for name in NAMES}
    for name in NAMES:
        match data.draw(st.sampled_from(["keep", "keep", "keep", "mode", "gone", "no file"])):
            case "mode":
                proposal[name] = ("100755", proposal[name][1])
            case "gone":
                del proposal[name]
            case "no file":
                del person[name]
            case _:
                pass
    change = here.change(base, proposal)
    chosen = drawn(data, change)
    here.fill(person)
    plan = here.land(accepted(change, chosen))
    aside_ids = {conflict.hunk for conflict in plan.conflicts}
    assert set(plan.landed) | aside_ids == chosen
    assert not set(plan.landed) & aside_ids
    now = here.files()
    assert set(now) <= set(person)
    for file in change.files:
        check(here, change, file, plan.landed, before=person, now=now, base=base)
    untouched = set(person) - {file.path for file in change.files}
    assert all(now[name] == person[name] for name in untouched)


def check(
    here: Place,
    change: Change,
    file: ChangedFile,
    landed: Collection[str],
    *,
    before: Tree,
    now: Tree,
    base: Tree,
) -> None:
    """Hold one file against git."""
    path = file.path
    picked = [hunk for hunk in file.hunks if hunk.id in landed]
    there = {path: before[path]} if path in before else {}
    if not picked:
        assert now.get(path) == before.get(path), "nothing of it landed"
        return
    box = aside(here, there)
    if applied(box, patch_of(here, change, file, picked)):
        assert files(box.root).get(path) == now.get(path)
        return
    if file.status == "deleted":
        assert path not in before, "it is gone already"
        return
    on_base = aside(here, {path: base[path]})
    assert applied(on_base, patch_of(here, change, file, picked))
    theirs = files(on_base.root)[path]
    expected = merged(here, before[path][1], base[path][1], theirs[1])
    assert (theirs[0], expected) == now[path]
