"""Hyperscan says the same as RE2, of any line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from benchmarks.hostile_lines import EVIL, long_lines
from benchmarks.log_events import events, lines, patterns
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from makeitso.parsing import fast
from makeitso.parsing.engine import Engine
from makeitso.parsing.library import Library, load_library
from makeitso.parsing.linear import LinearRegex, PatternError
from makeitso.parsing.sets import PatternSet
from makeitso.prompts.packaged import packaged_text
from parsing.test_safe_regexes import SOURCES, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(fast.version() is None, reason="hyperscan is not installed")
LIBRARY = load_library(packaged_text("regexes.toml"))[0]
SINGLE = [p for p in LIBRARY.patterns if not p.multiline]


class Kept:
    """Databases in memory."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}
        self.puts = 0

    def get(self, key: str, /) -> bytes | None:
        return self.data.get(key)

    def put(self, key: str, data: bytes, /) -> None:
        self.data[key] = data
        self.puts += 1


KEPT = Kept()
"""Shared by the tests: the library takes seconds to compile."""


@pytest.fixture(autouse=True)
def _switched_off() -> Iterator[None]:
    yield
    fast.switch_on(None)


def fast_set(sources: list[bytes]) -> fast.FastSet:
    fast.switch_on(KEPT)
    made = fast.pattern_set(sources)
    fast.switch_on(None)
    assert isinstance(made, fast.FastSet)
    return made


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SOURCES, min_size=1, max_size=4), st.lists(TEXTS, min_size=1, max_size=6))
def test_any_expressions_of_any_line(sources: list[str], texts: list[bytes]) -> None:
    raw: list[bytes] = []
    for source in sources:
        try:
            LinearRegex(source.encode("latin-1"))
        except PatternError:
            continue
        raw.append(source.encode("latin-1"))
    if not raw:
        return
    quick, slow = fast_set(raw), PatternSet(raw)
    KEPT.data.clear()
    for text in texts:
        assert quick.ids(text) == slow.ids(text), (raw, text)


def test_the_library_and_its_examples() -> None:
    sources = [p.compiled_source() for p in SINGLE]
    quick, slow = fast_set(sources), PatternSet(sources)
    examples = {text.encode() for p in SINGLE for text in (*p.examples, *p.counter_examples)}
    changed = {one[: len(one) // 2] for one in examples} | {one + b"\xff" for one in examples}
    found = 0
    for line in (*sorted(examples | changed), *long_lines(9)):
        ids = quick.ids(line)
        assert ids == slow.ids(line), line[:80]
        found += bool(ids)
    assert found > len(SINGLE)


def test_a_log_gives_the_same_records() -> None:
    known = events(150, seed=4)
    library = Library(patterns(known[:100]))
    slow = Engine(library)
    fast.switch_on(KEPT)
    quick = Engine(library)
    hits = 0
    for line in lines(known, known=100, count=2000, seed=1):
        hit = quick.line(line)
        assert hit == slow.line(line)
        hits += hit is not None
    assert 500 < hits < 1900


def test_what_it_refuses_stays_with_re2() -> None:
    sources = [regex.encode() for regex in EVIL] + [rb"^plain (\d+)$", rb"^x(?i:ab)c$", rb"\bz\B"]
    quick, slow = fast_set(sources), PatternSet(sources)
    for line in (b"plain 12", b"xABc", b"aaaa!", b"xz zx", b"", b"a" * 2000, b"z z"):
        assert quick.ids(line) == slow.ids(line)


def test_a_kept_database_is_used_and_a_damaged_one_is_made_anew() -> None:
    kept = Kept()
    fast.switch_on(kept)
    sources = [rb"^a+$", rb"b$"]
    assert fast.pattern_set(sources).ids(b"aab") == [1]
    ((key, data),) = kept.data.items()
    assert fast.pattern_set(sources).ids(b"aa") == [0]
    assert kept.puts == 1, "what was kept is used"
    for number, damaged in enumerate((b"", data[:40], data + b"\x00", b"\x00" * len(data))):
        kept.data[key] = damaged
        assert fast.pattern_set(sources).ids(b"aab") == [1]
        assert kept.puts == number + 2
