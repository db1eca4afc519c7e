from __future__ import annotations

import pytest

from makeitso.parsing.locations import localise, workspace_path
from makeitso.protocol.record import Record

ROOTS = ("/w/tree", "/private/w/tree")


@pytest.mark.parametrize(
    ("path", "cwd", "wanted"),
    [
        ("/w/tree/src/a.py", "", "src/a.py"),
        ("/private/w/tree/src/a.py", "", "src/a.py"),
        ("src/a.py", "", "src/a.py"),
        ("./a.py", "src", "src/a.py"),
        ("../a.py", "src", "a.py"),
        ("file:///w/tree/with%20space.js", "", "with space.js"),
        ("tests/test_a.py::test_x[/w/tree]", "", "tests/test_a.py::test_x[/w/tree]"),
        ("/w/tree/src/../b.py", "", "b.py"),
        ("/w/tree", "", "."),
        ("/w/treehouse/a.py", "", None),
        ("/usr/include/x.h", "", None),
        ("../a.py", "", None),
        ("/w/tree/../secret", "", None),
        ("<stdin>", "", None),
        ("", "", None),
        ("a\0b", "", None),
    ],
)
def test_paths_inside_the_worktree(path: str, cwd: str, wanted: str | None) -> None:
    assert workspace_path(path, roots=ROOTS, cwd=cwd) == wanted


def test_a_record_keeps_what_lies_outside() -> None:
    record = Record(
        pattern="p", intent="x", channel="stdout", offset_bytes=0, stream_line=1,
        path="/w/tree/a.py", artifact="/usr/lib/b",
    )  # fmt: skip
    moved = localise(record, roots=ROOTS)
    assert (moved.path, moved.artifact) == ("a.py", "/usr/lib/b")
    assert localise(moved, roots=ROOTS) is moved
