"""What is recorded laid over a change that stood before: the same as from nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makeitso.protocol.change import Change, ChangedFile, Hunk
from makeitso.review import marks
from makeitso.review.standing import Recorded, stand
from review.changed_trees import budget, standing

if TYPE_CHECKING:
    from makeitso.protocol.words import HunkState

STATES: list[HunkState] = ["pending", "accepted", "rejected", "landed", "conflict"]
NAMES = [f"{number:012x}" for number in range(6)]
PARTS = [f"{NAMES[0]}.{part}" for part in (1, 2)]
REFUSED = NAMES[5]


def change() -> Change:
    """Three files of two hunks; the first hunk can be split, the last is refused."""
    files: list[ChangedFile] = []
    for number in range(3):
        hunks = tuple(
            Hunk(
                id=name, run="r", task="T1", path=f"f{number}", kind="text", old_start=1,
                old_lines=3, new_start=1, new_lines=3, diff="@@ -1,3 +1,3 @@\n-a\n+b\n c\n-d\n+e\n",
                state="refused" if name == REFUSED else "pending",
                reason="it is a symbolic link" if name == REFUSED else "",
            )
            for name in NAMES[number * 2 : number * 2 + 2]
        )  # fmt: skip
        files.append(
            ChangedFile(
                path=f"f{number}", status="modified", base_blob="b", new_blob="n",
                base_mode="100644", new_mode="100644", hunks=hunks,
            )
        )  # fmt: skip
    return Change(run="r", task="T1", base_tree="b", tree="t", files=tuple(files))


NAMED = st.sampled_from([*NAMES, *PARTS])
RECORDED = st.builds(
    Recorded,
    states=st.dictionaries(NAMED, st.sampled_from(STATES)),
    reasons=st.dictionaries(NAMED, st.sampled_from(["", "no", "later"])),
    split=st.sampled_from([frozenset[str](), frozenset({NAMES[0]})]),
    overlaps=st.dictionaries(NAMED, st.just(("T2/h",))),
    seen=st.frozensets(st.sampled_from(NAMES)),
)


@budget(120)
@given(st.lists(RECORDED, min_size=2, max_size=4))
def test_how_it_stood_before_changes_nothing(moments: list[Recorded]) -> None:
    whole = change()
    standing = stand(whole, moments[0])
    for recorded in moments[1:]:
        standing = stand(whole, recorded, before=standing)
        assert standing.change == stand(whole, recorded).change


@budget(120)
@given(RECORDED)
def test_it_is_what_laying_over_one_by_one_gives(recorded: Recorded) -> None:
    whole = standing(change(), recorded.split)
    whole = marks.with_states(whole, recorded.states, reasons=recorded.reasons)
    assert list(marks.all_hunks(stand(change(), recorded).change)) == [
        hunk.model_copy(
            update={
                "overlaps": recorded.overlaps.get(hunk.id, ()),
                "flags": ("new",) if is_new(hunk, recorded) else (),
            }
        )
        for hunk in marks.all_hunks(whole)
    ]


def is_new(hunk: Hunk, recorded: Recorded) -> bool:
    """Open, and nobody looked at the whole of it, though at something else."""
    unseen = hunk.id.partition(".")[0] not in recorded.seen
    return bool(recorded.seen) and hunk.state in ("pending", "conflict") and unseen


def test_one_mark_makes_one_file_anew() -> None:
    whole = change()
    seen = frozenset({NAMES[0]})
    before = stand(whole, Recorded(states={NAMES[0]: "accepted"}, seen=seen))
    now = Recorded(states={NAMES[0]: "accepted", NAMES[3]: "rejected"}, seen=seen | {NAMES[3]})
    shown = stand(whole, now, before=before).change
    assert shown.files[0] is before.change.files[0]
    assert shown.files[2] is before.change.files[2]
    assert [hunk.state for hunk in shown.files[1].hunks] == ["pending", "rejected"]


@pytest.mark.parametrize("state", ["accepted", "pending"])
def test_what_is_refused_stays_refused(state: HunkState) -> None:
    shown = stand(change(), Recorded(states={REFUSED: state}, seen=frozenset(NAMES[:1]))).change
    last = shown.files[2].hunks[1]
    assert (last.state, last.reason, last.flags) == ("refused", "it is a symbolic link", ())


def test_another_change_is_laid_over_from_nothing() -> None:
    before = stand(change(), Recorded(states={NAMES[1]: "accepted"}))
    other = change()
    other = other.model_copy(update={"files": other.files[1:]})
    recorded = Recorded(states={NAMES[2]: "rejected"})
    assert stand(other, recorded, before=before).change == stand(other, recorded).change
