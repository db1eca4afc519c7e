from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.plans.globindex import overlapping_pairs
from makeitso.plans.globs import leaves_repository, matches, normal_glob, overlap

NAMES = ["".join(name) for size in (1, 2, 3) for name in product("abc", repeat=size)]
PATHS = [
    *NAMES,
    *(f"{x}/{y}" for x, y in product(NAMES[:12], repeat=2)),
    *("/".join(names) for names in product("abc", repeat=3)),
]

segment = st.lists(
    st.sampled_from(["a", "b", "c", "*", "?", "[ab]", "[!a]", "[b-c]", "[^bc]", "[a]"]),
    min_size=1,
    max_size=3,
).map("".join)
globs = st.lists(st.one_of(segment, st.just("**")), min_size=1, max_size=3).map("/".join)


def oracle(glob: str) -> re.Pattern[str]:
    """The same language written as a regular expression by other means."""
    parts: list[str] = []
    for part in glob.split("/"):
        if part == "**":
            parts.append("(?:[^/]+/)*")
            continue
        regex = re.sub(r"\*+", "*", part)
        regex = regex.replace("[!", "[^").replace("*", "[^/]*").replace("?", "[^/]")
        regex = re.sub(r"\[\^([^/\]]+)\]", r"[^/\1]", regex)
        parts.append(f"(?=[^/]){regex}/")
    beneath = "(?:[^/]+/)*" if not set(glob) & set("*?[") else ""
    return re.compile("".join(parts) + beneath)


@given(globs, st.sampled_from(PATHS))
@settings(max_examples=500, deadline=None)
def test_matching_agrees_with_a_regular_expression(glob: str, path: str) -> None:
    assert matches(glob, path) == bool(oracle(glob).fullmatch(path + "/"))


small_segment = st.lists(
    st.sampled_from(["a", "b", "*", "?", "[ab]", "[!a]", "[b-c]"]), min_size=1, max_size=2
).map("".join)
small = st.lists(st.one_of(small_segment, st.just("**")), min_size=1, max_size=2).map("/".join)
SHORT = ["".join(name) for size in (1, 2) for name in product("abcd", repeat=size)]
EVERY = ["/".join(names) + "/" for depth in (1, 2, 3) for names in product(SHORT, repeat=depth)]
"""Where two small globs share a path, they share one of these: a name of two characters fits any
two segments that meet, and below both nothing deeper than three is needed."""


@given(small, small)
@settings(max_examples=150, deadline=None)
def test_overlap_agrees_with_trying_every_path(left: str, right: str) -> None:
    a, b = oracle(left), oracle(right)
    both = any(a.fullmatch(path) and b.fullmatch(path) for path in EVERY)
    assert overlap(left, right) is both
    assert overlap(right, left) is both


@given(st.lists(globs, max_size=12, unique=True))
@settings(max_examples=100, deadline=None)
def test_the_index_finds_what_comparing_each_with_each_finds(held: list[str]) -> None:
    names = {normal_glob(glob) for glob in held}
    slow = {frozenset((a, b)) for a in names for b in names if a < b and overlap(a, b)}
    pairs = list(overlapping_pairs(names))
    assert {frozenset(pair) for pair in pairs} == slow
    assert len(pairs) == len(slow)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("src/**", "src/a/b.py", True),
        ("src/*", "src/a/b.py", False),
        ("src", "src/a/b.py", True),
        ("src/", "src/x/y", True),
        ("./src//a.py", "src/a.py", True),
        ("**/*.py", "docs/*.md", False),
        ("**/*.py", "docs/**", True),
        ("a/**/z", "a/z", True),
        ("a/{b,c}/x", "a/c/*", True),
        ("a/{b,c}/x", "a/d/*", False),
        ("*.{ts,tsx}", "*.tsx", True),
        ("app/[id]/page.tsx", "app/*/page.tsx", True),
        ("*a*b", "b*a", False),
        ("*a*", "*b*", True),
        ("[!a]", "[a]", False),
        ("[", "[", True),
        ("x" * 5000, "y", True),
        ("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "zzz/q", True),
    ],
)
def test_cases(left: str, right: str, expected: bool) -> None:
    assert overlap(left, right) is expected
    assert overlap(right, left) is expected


@pytest.mark.parametrize("path", ["/etc", "../x", "a/../../b", "~/x", "C:/x", "..\\x"])
def test_paths_that_leave_the_repository(path: str) -> None:
    assert leaves_repository(path)
    assert not leaves_repository("src/..a/b")
