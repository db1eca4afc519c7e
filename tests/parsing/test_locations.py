from __future__ import annotations

import pytest

from makeitso.parsing.directories import MAX_DEPTH
from makeitso.parsing.library import load_library
from makeitso.parsing.locations import localise, workspace_path
from makeitso.parsing.stream import StreamParser
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol.record import Record

ROOTS = ("/w/tree", "/private/w/tree", r"C:\build\tree")


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
        ('"/w/tree/src/a.c"', "", "src/a.c"),
        ("'src/a.c'", "", "src/a.c"),
        ("file:///C:/build/tree/a%20b.kt", "", "a b.kt"),
        (r"C:\build\tree\src\a.cs", "", "src/a.cs"),
        ("c:/build/tree/src/a.cs", "", "src/a.cs"),
        (r"C:\build\tree\..\secret.cs", "", None),
        (r"D:\build\tree\a.cs", "", None),
        (r"src\a.cs", "lib", "lib/src/a.cs"),
        ("C:notes", "", "C:notes"),
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


def parsed(text: str) -> list[Record]:
    parser = StreamParser("stdout", load_library(packaged_text("regexes.toml"))[0])
    items = parser.feed(text.encode()) + parser.close()
    return [item for item in items if isinstance(item, Record) and item.intent == "diagnostic"]


def test_what_a_compiler_prints_is_meant_from_where_make_has_entered() -> None:
    text = (
        "a.c:1:1: error: x\n"
        "make[1]: Entering directory '/w/tree/lib'\n"
        "a.c:2:1: error: x\n"
        "make[2]: Entering directory '/w/tree/lib/deep'\n"
        "../a.c:3:1: error: x\n"
        "/w/tree/b.c:4:1: error: x\n"
        "make[2]: Leaving directory '/w/tree/lib/deep'\n"
        "a.c:5:1: error: x\n"
        "make[1]: Leaving directory '/w/tree/lib'\n"
        "a.c:6:1: error: x\n"
    )
    moved = [localise(record, roots=ROOTS) for record in parsed(text)]
    assert [(r.path, r.line, r.directory) for r in moved] == [
        ("a.c", 1, None), ("lib/a.c", 2, None), ("lib/a.c", 3, None),
        ("b.c", 4, None), ("lib/a.c", 5, None), ("a.c", 6, None),
    ]  # fmt: skip


def test_builders_that_run_at_once_leave_in_any_order() -> None:
    text = (
        "make[1]: Entering directory '/w/tree/a'\nmake[1]: Entering directory '/w/tree/b'\n"
        "make[1]: Leaving directory '/w/tree/a'\nx.c:1:1: error: x\n"
        "make[1]: Leaving directory '/w/tree/c'\nx.c:2:1: error: x\n"
    )
    assert [r.directory for r in parsed(text)] == ["/w/tree/b", "/w/tree/b"]


def test_a_directory_outside_the_worktree_places_nothing_in_it() -> None:
    (record,) = parsed("make: Entering directory '/usr/src'\na.c:1:1: error: x\n")
    moved = localise(record, roots=ROOTS)
    assert (moved.path, moved.directory) == ("a.c", "/usr/src")


def test_directories_that_are_only_entered_do_not_pile_up() -> None:
    text = "make: Entering directory 'd'\n" * 100_000 + "a.c:1:1: error: x\n"
    (record,) = parsed(text)
    assert record.directory == "/".join(["d"] * MAX_DEPTH)
