"""Cutting: never longer than asked, whole hunks, and it says what is gone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.prompts.cut import SHORTEST, cut_diff, cut_text
from makeitso.prompts.evidence import check_text, declared_checks, numbered
from makeitso.protocol.plan import Check


def hunk(at: int, lines: int, width: int = 20) -> str:
    body = "".join(f"+{at}:{number}{'x' * width}\n" for number in range(lines))
    return f"@@ -{at},0 +{at},{lines} @@\n{body}"


def file(path: str, *hunks: str) -> str:
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n{''.join(hunks)}"


def test_short_text_is_left_alone() -> None:
    assert cut_text("abc\n", SHORTEST) == "abc\n"
    assert cut_diff("abc\n", SHORTEST) == "abc\n"


def test_head_and_tail_are_kept_and_the_gap_counted() -> None:
    text = "".join(f"line {number}\n" for number in range(200))
    result = cut_text(text, 400)
    assert result.startswith("line 0\n")
    assert result.endswith("line 199\n")
    counted = re.search(r"\[(\d+) characters not shown\]", result)
    assert counted is not None
    head, tail = result.split(f"\n{counted[0]}\n")
    assert len(text) - len(head) - len(tail) == int(counted[1])
    assert head in text
    assert tail in text


def test_a_tail_alone() -> None:
    assert cut_text("a" * 500 + "end", 150, head=0.0).endswith("aend")
    assert not cut_text("a" * 500 + "end", 150, head=0.0).startswith("a")


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=600), st.integers(SHORTEST, 300), st.sampled_from([0.0, 0.3, 1.0]))
def test_cut_text_keeps_to_its_limit(text: str, limit: int, head: float) -> None:
    assert len(cut_text(text, limit, head=head)) <= limit


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.lists(st.integers(1, 30), max_size=4), min_size=1, max_size=5),
    st.integers(SHORTEST, 2000),
)
def test_cut_diff_keeps_to_its_limit_and_cuts_between_hunks(
    shape: list[list[int]], limit: int
) -> None:
    files = [
        (f"dir/f{index}.py", [hunk(100 * n + 1, lines) for n, lines in enumerate(hunks)])
        for index, hunks in enumerate(shape)
    ]
    diff = "".join(file(path, *hunks) for path, hunks in files)
    result = cut_diff(diff, limit)
    assert len(result) <= limit
    if len(diff) <= limit:
        assert result == diff
    else:
        assert "not shown]" in result
        if "characters" not in result:
            left = re.sub(r"(?m)^\[.* not shown\]\n", "", result)
            for piece in re.split(r"(?m)^(?=diff --git |@@ )", left):
                assert piece in diff


def test_every_file_is_shown_before_the_second_hunk_of_any() -> None:
    first = file("a", hunk(1, 5), hunk(50, 40), hunk(200, 40))
    second = file("b", hunk(1, 5))
    result = cut_diff(first + second, 700)
    assert hunk(1, 5) in result
    assert second in result
    assert "[2 more hunks not shown]\ndiff --git a/b" in result


def test_a_new_file_of_one_long_hunk_shows_how_it_begins_and_ends() -> None:
    result = cut_diff(file("small", hunk(1, 2)) + file("new", hunk(1, 100)), 900)
    assert file("small", hunk(1, 2)) in result
    assert "+1:0x" in result
    assert "+1:99x" in result
    assert "characters not shown]" in result


def test_files_without_room_are_counted() -> None:
    diff = "".join(file(f"f{number}", hunk(1, 3)) for number in range(30))
    result = cut_diff(diff, 800)
    counted = re.search(r"\[(\d+) more files not shown\]\n$", result)
    assert counted is not None
    assert int(counted[1]) + result.count("diff --git") == 30


@pytest.mark.parametrize("function", [cut_text, cut_diff])
def test_a_limit_without_room_for_the_note_is_refused(function: object) -> None:
    assert callable(function)
    with pytest.raises(ValueError, match="below"):
        function("text", SHORTEST - 1)


def test_a_check_shows_the_end_of_its_output_only_when_it_failed() -> None:
    assert check_text("make", exit_code=0, output="noise") == "$ make\npassed"
    failed = check_text("make", exit_code=2, output="a\n" * 400 + "boom\n", limit=200)
    assert failed.startswith("$ make\nfailed with exit code 2\n")
    assert failed.endswith("boom")
    assert "characters not shown" in failed
    assert check_text("make", exit_code=None, output="") == "$ make\ndid not end by itself"


def test_numbered_texts() -> None:
    assert numbered(()) == ""
    assert numbered(("a ", "b")) == "1. a\n2. b"


def test_declared_checks_name_their_directory() -> None:
    checks = (Check(command="make"), Check(command="npm test", cwd="web"))
    assert declared_checks(checks) == "make\nnpm test    (in web)"
