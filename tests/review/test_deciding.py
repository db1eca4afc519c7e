"""Why a person decides: the file and its reason by name, never "something is protected"."""

from __future__ import annotations

import pytest

from makeitso.protocol.change import ChangedFile, Hunk
from makeitso.protocol.events import HunkRef
from makeitso.review.deciding import decides, why_ask


def changed(*flags: str, protected: str = "") -> tuple[ChangedFile, Hunk]:
    hunk = Hunk.model_validate(
        {"id": "h", "run": "r", "task": "T1", "path": "a", "kind": "text", "old_start": 1,
         "old_lines": 1, "new_start": 1, "new_lines": 1, "diff": "", "state": "pending",
         "flags": flags}
    )  # fmt: skip
    file = ChangedFile.model_validate(
        {"path": "a", "status": "modified", "base_blob": "1", "new_blob": "2",
         "base_mode": "100644", "new_mode": "100644", "protected": protected, "hunks": [hunk]}
    )  # fmt: skip
    return file, hunk


@pytest.mark.parametrize(
    ("flags", "protected", "why"),
    [
        ((), "", ""),
        (("large", "whitespace"), "", ""),
        (("protected",), "a configures CI", "a configures CI"),
        (("bidi", "control"), "", "it turns the direction of text; it holds control characters"),
        (("proves-task",), "the task's own check names it", "the task's own check names it"),
    ],
)
def test_a_hunk_says_why(flags: tuple[str, ...], protected: str, why: str) -> None:
    assert why_ask(*changed(*flags, protected=protected)) == why


def ref(path: str, why: str = "", *, asks: bool = True) -> HunkRef:
    return HunkRef(id=f"{path}-{why}", path=path, must_ask=asks, why_ask=why)


def test_files_are_named_once_with_their_reasons() -> None:
    hunks = [ref("a", "x"), ref("a", "x"), ref("a", "y"), ref("plain", asks=False), ref("b")]
    assert decides(hunks) == "a person decides on a (x; y), b (protected path or content)"
    assert decides([ref("plain", asks=False)]) == ""


def test_many_files_are_counted() -> None:
    assert decides([ref(f"f{n}", "x") for n in range(9)]).endswith("f2 (x), 6 files more")
