"""Some lines of a new file, and of a file that goes: what lands is what git stages of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landing.landing_place import Place, place, with_landed
from makeitso.landing.onto_tree import lay
from makeitso.review import cuts, marks
from makeitso.workspace import blobs
from makeitso.workspace.trees import entries
from review.changed_trees import Tree, budget, standing, texts

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from makeitso.protocol.change import Change, Hunk
    from makeitso.protocol.words import HunkState

TEXT = b"one\ntwo\nthree\nfour\n"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return place(tmp_path_factory.mktemp("whole files"))


def tree(data: bytes | None) -> Tree:
    found: Tree = {"beside.txt": ("100644", b"beside\n")}
    if data is not None:
        found["f"] = ("100644", data)
    return found


def cut_by(change: Change, lines: Collection[int]) -> tuple[Change, list[str]]:
    """The change with its one hunk cut by its changed lines of these ordinals, and their parts."""
    (hunk,) = marks.all_hunks(change)
    numbers = changed_lines(hunk)
    chosen = [(numbers[n], numbers[n]) for n in sorted(lines)]
    choice = cuts.choose(hunk, chosen)
    if choice.cut is None:
        return change, [hunk.id]
    parted = standing(change, {hunk.id}, cuts={hunk.id: choice.cut})
    ids = [part.id for part in marks.all_hunks(parted)]
    return parted, [ids[n] for n in choice.chosen]


def changed_lines(hunk: Hunk) -> list[int]:
    body = hunk.diff.removesuffix("\n").split("\n")[1:]
    return [n for n, line in enumerate(body, start=1) if line[:1] in ("+", "-")]


def accepting(change: Change, ids: Collection[str]) -> Change:
    """These accepted, what has landed as it is, the rest open."""
    states: dict[str, HunkState] = {
        hunk.id: "accepted" if hunk.id in ids else "pending"
        for hunk in marks.all_hunks(change)
        if hunk.state != "landed"
    }
    return marks.with_states(change, states)


def staged(there: Place, before: bytes | None, data: bytes, lines: Collection[int]) -> bytes | None:
    """What git stages when these lines of a new file, or of one that goes, are chosen."""
    own = data.splitlines(keepends=True) if b"\r" not in data else _lines(data)
    box = there.oracle.box
    box.git("read-tree", "--empty")
    if before is not None:
        blob = box.git("hash-object", "-w", "--stdin", stdin=before).strip().decode()
        box.git("update-index", "--add", "--cacheinfo", f"100644,{blob},f")
        if len(lines) == len(own):
            return None
    sign, other = (b"+", None) if before is None else (b"-", b" ")
    body: list[bytes] = []
    for n, line in enumerate(own):
        tag = sign if n in lines else other
        if tag is None:
            continue
        body.append(
            tag + line if line.endswith(b"\n") else tag + line + b"\n\\ No newline at end of file\n"
        )
    old = 0 if before is None else len(own)
    new = len(lines) if before is None else len(own) - len(lines)
    head = b"diff --git a/f b/f\n"
    head += b"new file mode 100644\n--- /dev/null\n" if before is None else b"--- a/f\n"
    head += b"+++ b/f\n@@ -%d,%d +1,%d @@\n" % (min(1, old), old, new)
    box.git("apply", "--cached", "--whitespace=nowarn", "-", stdin=head + b"".join(body))
    return box.git("show", ":f")


def _lines(data: bytes) -> list[bytes]:
    parts = data.split(b"\n")
    last = parts.pop()
    return [part + b"\n" for part in parts] + ([last] if last else [])


@given(data=st.data(), text=texts().filter(lambda text: text.count(b"\n") > 0))
@budget(30)
@pytest.mark.parametrize("goes", [False, True])
def test_chosen_lines_land_as_git_stages_them_at_once_and_one_after_the_other(
    there: Place, goes: bool, data: st.DataObject, text: bytes
) -> None:
    base, proposal = (tree(text), tree(None)) if goes else (tree(None), tree(text))
    count = len(_lines(text))
    first = data.draw(st.sets(st.integers(0, count - 1), min_size=1), label="lines")
    change, ids = cut_by(there.change(base, proposal), first)
    expected = staged(there, text if goes else None, text, first)
    there.fill(base)
    plan = there.land(accepting(change, ids))
    assert plan.conflicts == ()
    assert there.files() == tree(expected)
    laid = lay(there.oracle.repo, change.base_tree, accepting(change, ()), set(ids))
    assert content(there, laid.tree) == expected
    rest = [hunk.id for hunk in marks.all_hunks(change) if hunk.id not in ids]
    if rest:
        more = data.draw(st.sets(st.sampled_from(rest), min_size=1), label="parts")
        landed = with_landed(accepting(change, ids), plan)
        after = first | {n for name in more for n in lines_of(change, name)}
        then = there.land(accepting(landed, more))
        assert then.conflicts == ()
        assert there.files() == tree(staged(there, text if goes else None, text, after))


def lines_of(change: Change, name: str) -> list[int]:
    """Ordinals of the lines a part changes: parts are in order, and hold changed lines alone."""
    at = 0
    for hunk in marks.all_hunks(change):
        count = len(changed_lines(hunk))
        if hunk.id == name:
            return list(range(at, at + count))
        at += count
    raise AssertionError(name)


def content(there: Place, name: str) -> bytes | None:
    entry = entries(there.oracle.repo, name).get("f")
    return blobs.read(there.oracle.repo, [entry.blob])[entry.blob] if entry is not None else None


def landed_part(there: Place, base: Tree, proposal: Tree, lines: Sequence[int]) -> Change:
    """A change of which these lines have landed."""
    change, ids = cut_by(there.change(base, proposal), lines)
    there.fill(base)
    wanted = accepting(change, ids)
    return with_landed(wanted, there.land(wanted))


def rest_of(change: Change) -> Change:
    return accepting(change, [h.id for h in marks.all_hunks(change) if h.state != "landed"])


def test_what_a_person_did_to_the_part_that_landed_stays(there: Place) -> None:
    change = landed_part(there, tree(None), tree(TEXT), [0, 3])
    (there.root / "f").write_bytes(b"ONE\none\nfour\n")
    plan = there.land(rest_of(change))
    assert plan.conflicts == ()
    assert plan.merged
    assert there.files()["f"][1] == b"ONE\none\ntwo\nthree\nfour\n"


def test_a_file_that_lost_lines_and_was_changed_since_is_not_deleted(there: Place) -> None:
    change = landed_part(there, tree(TEXT), tree(None), [0])
    (there.root / "f").write_bytes(b"mine\nthree\nfour\n")
    plan = there.land(rest_of(change))
    assert [one.reason for one in plan.conflicts] == ["it was changed since, so it is not deleted"]
    (there.root / "f").write_bytes(b"two\nthree\nfour\n")
    there.land(rest_of(change))
    assert there.files() == tree(None)


@pytest.mark.parametrize("goes", [False, True])
def test_the_rest_of_a_file_that_is_gone_is_set_aside(there: Place, goes: bool) -> None:
    base, proposal = (tree(TEXT), tree(None)) if goes else (tree(None), tree(TEXT))
    first = landed_part(there, base, proposal, [0])
    (there.root / "f").unlink()
    plan = there.land(rest_of(first))
    if goes:
        assert plan.conflicts == (), "it was to go, and it is gone"
    else:
        assert [one.reason for one in plan.conflicts] == ["the file is gone from the workspace"]
    assert there.files() == tree(None)


def test_another_file_of_that_name_is_not_written_over(there: Place) -> None:
    change, ids = cut_by(there.change(tree(None), tree(TEXT)), [1])
    there.fill(tree(b"somebody's\n"))
    plan = there.land(accepting(change, ids))
    assert [one.reason for one in plan.conflicts] == ["another file is already there"]
    assert there.files() == tree(b"somebody's\n")
    there.fill(tree(b"two\n"))
    assert there.land(accepting(change, ids)).landed == tuple(ids)
