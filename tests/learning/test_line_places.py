"""Where a line says something is, and what its form makes of it."""

from __future__ import annotations

import re

import pytest

from makeitso.learning.mining import Sample, mine
from makeitso.learning.places import place_of, shape, with_endings
from makeitso.learning.scoring import with_places
from makeitso.parsing.linear import LinearRegex


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("src/a.go:12:3: unused", ("src/a.go", "12", "3")),
        ("Makefile:4: *** missing separator", ("Makefile", "4")),
        ("Gemfile:50:81: C: Line is too long.", ("Gemfile", "50", "81")),
        ("localhost:8080: refused", None),
        ("12:30:45 started", None),
        ("all is well", None),
    ],
)
def test_the_place_of_a_line(line: str, place: tuple[str, ...] | None) -> None:
    assert place_of(line) == place


def test_a_form_reads_files_of_the_kinds_it_was_seen_with() -> None:
    (group,) = mine(Sample(text=f"lib/{name}.hs:{n}:1: bad") for n, name in enumerate("abcd"))
    assert re.match(group.regex, "lib/else.hs:7:2: worse")
    assert not re.match(group.regex, "lib/else.py:7:2: worse")


@pytest.mark.parametrize(
    "paths",
    [("a.c", "b.c", "c.c"), ("a.c", "b.d", "c.e", "d.f"), ("a.c", "b.c", "c.c", "x/Makefile")],
)
def test_few_lines_many_kinds_or_none_leave_it_open(paths: tuple[str, ...]) -> None:
    lines = [f"{path}:3:1: bad" for path in paths]
    form = shape(lines[0])
    assert form is not None
    assert with_endings(form.regex, lines) == form.regex


def test_a_line_belongs_to_the_pattern_that_finds_its_place() -> None:
    right = LinearRegex(rb"^(?P<path>[^\s:]+):(?P<line>\d+): (?P<message>\S.*)$")
    off = LinearRegex(rb"^(?P<path>[^\s:]+):\d+: (?P<line>\d+) (?P<message>\S.*)$")
    lines = ["a.c:3: 7 times", "a.c: no line", "free text"]
    assert with_places({}, "p", right, lines) == {"a.c:3: 7 times": "p"}
    assert with_places({}, "p", off, lines) == {}
    assert with_places({"free text": "q"}, "p", right, lines)["free text"] == "q"
