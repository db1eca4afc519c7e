"""States laid over a change that was shown before: the same as from nothing, and nothing anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.protocol.change import Change, ChangedFile, Hunk
from makeitso.review import marks

if TYPE_CHECKING:
    from makeitso.protocol.words import HunkState

STATES: list[HunkState] = ["pending", "accepted", "rejected", "landed", "conflict"]
NAMES = [f"{number:012x}" for number in range(6)]


def change(*, flag: str = "", base: str = "b") -> Change:
    """Three files of two hunks; `flag` is on the first hunk."""
    files: list[ChangedFile] = []
    for number in range(3):
        hunks = tuple(
            Hunk(
                id=name, run="r", task="T1", path=f"f{number}", kind="text", old_start=1,
                old_lines=1, new_start=1, new_lines=1, diff=f"@@ -1 +1 @@\n-a\n+{name}\n",
                flags=(flag,) if flag and name == NAMES[0] else (),
            )
            for name in NAMES[number * 2 : number * 2 + 2]
        )  # fmt: skip
        files.append(
            ChangedFile(
                path=f"f{number}", status="modified", base_blob=base, new_blob="n",
                base_mode="100644", new_mode="100644", hunks=hunks,
            )
        )  # fmt: skip
    return Change(run="r", task="T1", base_tree="b", tree="t", files=tuple(files))


STATED = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(STATES))
REASONS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["", "no", "later"]))


@settings(max_examples=60)
@given(STATED, REASONS, STATED, REASONS, st.sampled_from(["", "new"]), st.sampled_from("bc"))
def test_what_was_shown_before_changes_nothing(
    then: dict[str, HunkState],
    reasons_then: dict[str, str],
    now: dict[str, HunkState],
    reasons_now: dict[str, str],
    flag: str,
    base: str,
) -> None:
    before = marks.with_states(change(), then, reasons=reasons_then)
    fresh = change(flag=flag, base=base)
    shown = marks.with_states(fresh, now, reasons=reasons_now, before=before)
    assert shown == marks.with_states(fresh, now, reasons=reasons_now)


@settings(max_examples=40)
@given(STATED, STATED, st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)))
def test_nor_does_it_for_what_is_new(
    then: dict[str, HunkState], now: dict[str, HunkState], seen_then: set[str], seen: set[str]
) -> None:
    before = marks.with_new(marks.with_states(change(), then), looked=seen_then, marked=())
    fresh = marks.with_states(change(), now)
    shown = marks.with_new(fresh, looked=seen, marked=(), before=before)
    assert shown == marks.with_new(fresh, looked=seen, marked=())
    again = marks.with_new(fresh, looked=seen, marked=(), before=shown)
    assert all(new is old for new, old in zip(again.files, shown.files, strict=True))


def test_only_what_is_marked_is_made_anew() -> None:
    whole = change()
    states: dict[str, HunkState] = dict.fromkeys(NAMES, "accepted")
    before = marks.with_states(whole, states)
    shown = marks.with_states(whole, {**states, NAMES[3]: "rejected"}, before=before)
    assert [new is old for new, old in zip(shown.files, before.files, strict=True)] == [
        True,
        False,
        True,
    ]
    assert shown.files[1].hunks[0] is before.files[1].hunks[0]
    assert shown.files[1].hunks[1].state == "rejected"
    assert marks.with_states(whole, {}) is whole
