"""What `re` may run: it says the same as RE2, and never for long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.parsing.library import load_library
from makeitso.parsing.linear import LinearRegex, PatternError, Spans
from makeitso.parsing.safe import is_anchored, safe_regex
from makeitso.prompts.packaged import packaged_text

LIBRARY = load_library(packaged_text("regexes.toml"))[0]

ATOMS = st.sampled_from([
    "a", "b", "1", " ", ":", ".", r"\d", r"\w", r"\s", r"\S", r"\D", r"\W", "[^:]", "[ab]",
    r"[\s:]", r"[^\s:]", "[]a]", "[^]a]", "[a-]", r"\.", r"\[", "\xe9", "[[&a]", r"\x41", r"\b",
    "$", "^", r"\z",
])  # fmt: skip
REPEATS = st.sampled_from(["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,2}?"])
EXPRESSIONS = st.recursive(
    st.builds(str.__add__, ATOMS, REPEATS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.builds("(?:{}|{}){}".format, inner, inner, REPEATS),
        st.builds("({}){}".format, inner, REPEATS),
        st.builds("(?i:{})".format, inner),
    ),
    max_leaves=8,
)
SOURCES = st.builds("{}{}{}{}".format, st.sampled_from(["", "(?i)", "(?s)", "(?is)"]),
                    st.sampled_from(["^", "^", ""]), EXPRESSIONS,
                    st.sampled_from(["", "$"]))  # fmt: skip
TEXTS = st.text("ab1 :.AB\n\t\v\f\r]-[&\xe9\xc9", max_size=25).map(
    lambda text: text.encode("latin-1")
)


def spans(source: bytes, text: bytes) -> Spans | None:
    safe = safe_regex(source)
    assert safe is not None
    found = (safe.regex.match if safe.anchored else safe.regex.search)(text)
    return None if found is None else found.regs


@settings(max_examples=400, deadline=None)
@given(SOURCES, st.lists(TEXTS, min_size=1, max_size=5))
def test_it_says_the_same_as_re2(source: str, texts: list[bytes]) -> None:
    raw = source.encode("latin-1")
    try:
        linear = LinearRegex(raw)
    except PatternError:
        return
    if safe_regex(raw) is None:
        return
    for text in texts:
        assert spans(raw, text) == linear.search(text), (raw, text)


@settings(max_examples=300, deadline=None)
@given(SOURCES, st.lists(TEXTS, min_size=1, max_size=5))
def test_what_is_anchored_matches_at_the_first_byte_only(source: str, texts: list[bytes]) -> None:
    raw = source.encode("latin-1")
    try:
        linear = LinearRegex(raw)
    except PatternError:
        return
    for text in texts:
        found = linear.search(text)
        if found is not None and is_anchored(raw):
            assert found[0][0] == 0


def test_the_examples_of_the_library_are_read_the_same() -> None:
    quick = 0
    for pattern in LIBRARY.patterns:
        source = pattern.compiled_source()
        if pattern.multiline or safe_regex(source) is None:
            continue
        quick += 1
        for text in (*pattern.examples, *pattern.counter_examples):
            line = text.encode()
            assert spans(source, line) == LinearRegex(source).search(line), (pattern.name, text)
    assert quick > 0.8 * len(LIBRARY.patterns)


@pytest.mark.parametrize(
    ("source", "proven"),
    [
        (rb"^(?P<path>[^:]+):(?P<line>\d+): (?P<message>.*)$", True),
        (rb"^a: (?:x|yz)(?:, \d+)*$", True),
        (rb"^(a+)+$", False),
        (rb"^(?:a|b|ab)*c$", False),
        (rb"^(?:\w+ ?)*$", False),
        (rb"^(?:.*,){11}P", False),
        (rb"^(?:(?:a?){20}){20}$", False),
        (rb"^(?:a|aa)+$", False),
        (rb"^(?:|a)+$", False),
        (rb"^(?:(a)|b)*$", False),  # what a group holds at the end is told differently
    ],
)
def test_what_is_proven_linear(source: bytes, proven: bool) -> None:
    safe = safe_regex(source)
    assert (safe is not None and safe.limit_bytes is None) is proven


@pytest.mark.parametrize(
    "source", [rb"^x.*?a(?P<m>.*)b$", rb"x+x+y", rb"^\s+|\s+$", rb"^.*?:.*?: (?P<m>.*)!$", rb"x*$"]
)
def test_a_gap_is_read_on_lines_short_enough_only(source: bytes) -> None:
    safe = safe_regex(source)
    if safe is None:
        return
    assert safe.limit_bytes is not None
    assert safe.limit_bytes < 2000
    for filling in (b"x", b"a", b" ", b":", b": "):
        line = (filling * safe.limit_bytes)[: safe.limit_bytes]
        began = time.process_time()
        safe.regex.search(line)
        assert time.process_time() - began < 0.05, filling


def test_deep_nesting_is_judged_at_once() -> None:
    began = time.process_time()
    safe_regex(b"^" + b"(?:" * 200 + b"a" + b"x*)*" * 200)
    assert time.process_time() - began < 2
