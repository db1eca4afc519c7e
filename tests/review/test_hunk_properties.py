from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from makeitso.review import hunks, render
from makeitso.workspace import blobs
from review.changed_trees import Oracle, Tree, budget, tree_pairs

if TYPE_CHECKING:
    from makeitso.protocol.change import Change, ChangedFile


def by_lines(change: Change) -> list[ChangedFile]:
    return [file for file in change.files if any(hunk.kind == "text" for hunk in file.hunks)]


def texts(world: Oracle, file: ChangedFile) -> tuple[bytes, bytes]:
    assert file.base_blob is not None
    assert file.new_blob is not None
    found = blobs.read(world.repo, [file.base_blob, file.new_blob])
    return found[file.base_blob], found[file.new_blob]


@budget(30)
@given(pair=tree_pairs())
def test_every_path_that_differs_is_there_once_with_its_blobs(
    world: Oracle, pair: tuple[Tree, Tree]
) -> None:
    base, proposal = pair
    change = world.change(base, proposal)
    differing = {name for name in base | proposal if base.get(name) != proposal.get(name)}
    shown = [file.path for file in change.files]
    assert shown == sorted(shown, key=str.encode)
    left = [file.origin for file in change.files if file.origin is not None]
    assert sorted([*shown, *left]) == sorted(differing)
    for file in change.files:
        was = file.origin or file.path
        assert (file.base_mode, file.new_mode) == (
            base.get(was, (None,))[0],
            proposal.get(file.path, (None,))[0],
        )
        stored = blobs.read(world.repo, [blob for blob in (file.base_blob, file.new_blob) if blob])
        assert [stored[blob] for blob in (file.base_blob, file.new_blob) if blob] == [
            tree[path][1] for tree, path in zip(pair, (was, file.path), strict=True) if path in tree
        ]
        assert file.hunks
    ids = [hunk.id for file in change.files for hunk in file.hunks]
    assert len(set(ids)) == len(ids)
    assert world.change(base, proposal) == change


@budget(30)
@given(pair=tree_pairs(), data=st.data())
def test_all_hunks_give_the_proposal_none_the_base(
    world: Oracle, pair: tuple[Tree, Tree], data: st.DataObject
) -> None:
    for file in by_lines(world.change(*pair)):
        base, proposal = texts(world, file)
        parts = [part for hunk in file.hunks for part in hunks.split(hunk)]
        shuffled = data.draw(st.permutations(parts))
        assert hunks.apply(base, proposal, file.hunks) == proposal
        assert hunks.apply(base, proposal, shuffled) == proposal
        assert hunks.apply(base, proposal, ()) == base


@budget(30)
@given(pair=tree_pairs())
def test_split_then_join_is_identity_and_parts_do_not_overlap(
    world: Oracle, pair: tuple[Tree, Tree]
) -> None:
    for file in by_lines(world.change(*pair)):
        for hunk in file.hunks:
            parts = hunks.split(hunk)
            assert hunks.join(parts) == hunk
            assert tuple(edit for part in parts for edit in hunks.edits(part)) == hunks.edits(hunk)
            if hunk.kind == "text":
                assert all(len(hunks.edits(part)) == 1 for part in parts)
                assert sum(part.old_lines for part in parts) == hunk.old_lines
                assert sum(part.new_lines for part in parts) == hunk.new_lines


@budget(30)
@given(pair=tree_pairs(), data=st.data())
def test_a_choice_is_what_git_apply_makes_of_it(
    world: Oracle, pair: tuple[Tree, Tree], data: st.DataObject
) -> None:
    """Oracle: git's own applier, given the chosen hunks as a patch."""
    for file in by_lines(world.change(*pair)):
        if any("not-utf8" in hunk.flags or "\\x" in hunk.diff for hunk in file.hunks):
            continue  # shown escaped, so the shown text is no patch
        base, proposal = texts(world, file)
        parts = [part for hunk in file.hunks if hunk.kind == "text" for part in hunks.split(hunk)]
        chosen = [part for part in parts if data.draw(st.booleans())]
        mine = hunks.apply(base, proposal, chosen)
        target = world.box.write("f", base)
        named = file.model_copy(update={"path": "f", "base_mode": "100644", "new_mode": "100644"})
        patch = render.patch(named, chosen)
        if chosen:
            world.box.git("apply", "--unidiff-zero", "--whitespace=nowarn", stdin=patch.encode())
        assert target.read_bytes() == mine
