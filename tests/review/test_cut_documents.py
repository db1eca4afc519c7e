"""A review document whose hunks were cut between lines is a patch: `--unidiff-zero` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from makeitso.review import cuts, marks
from makeitso.review.render import document
from review.changed_trees import Oracle, budget, oracle, standing, texts

if TYPE_CHECKING:
    from makeitso.review.cuts import Cut

PLAIN = texts().filter(lambda text: text.isascii())


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    return oracle(tmp_path_factory.mktemp("cut documents"))


@given(
    data=st.data(),
    base=st.one_of(st.none(), PLAIN),
    proposal=st.one_of(st.none(), PLAIN),
)
@budget(40)
def test_git_makes_the_proposal_of_it(
    git: Oracle, data: st.DataObject, base: bytes | None, proposal: bytes | None
) -> None:
    assume(base != proposal)
    before, after = (
        {"f": ("100644", text)} if text is not None else {} for text in (base, proposal)
    )
    change = git.change(before, after)
    where: dict[str, Cut] = {}
    for hunk in marks.all_hunks(change):
        lines = [n for n, line in enumerate(hunk.diff.split("\n")) if n and line[:1] in ("+", "-")]
        if not lines:
            assert "empty" in hunk.kind or not base or not proposal
            continue
        chosen = data.draw(st.sets(st.sampled_from(lines), min_size=1), label=hunk.id)
        found = cuts.choose(hunk, [(n, n) for n in sorted(chosen)])
        if found.cut is not None:
            where[hunk.id] = found.cut
    parted = standing(change, where, cuts=where)
    text = document(parted, title="t").text
    box = git.box
    box.git("read-tree", change.base_tree)
    box.git("apply", "--cached", "--unidiff-zero", "--whitespace=nowarn", "-", stdin=text.encode())
    assert box.text("write-tree") == change.tree
