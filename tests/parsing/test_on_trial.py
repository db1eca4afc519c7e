"""Patterns on trial are counted and change nothing; who watches sees each line once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.parsing.library import Library, load_library
from makeitso.parsing.library_text import acting, library_text
from makeitso.parsing.patterns import Pattern
from makeitso.parsing.stream import StreamParser, TrialCounts
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol.record import Miss

if TYPE_CHECKING:
    from makeitso.parsing.cleaning import CleanLine
    from makeitso.protocol.record import MissReason, Record, StreamChannel

BASE, _ = load_library(packaged_text("regexes.toml"))
LOG = b"""a.py:1:2: E501 long
fnord 12 of it
\x1b[31mfnord 13 of it\x1b[0m

make: Entering directory 'src'
something else
b.c:3:4: error: expected ';'
fnord 14 of it
<<MIS:START>> task
<<MIS:JSON>> {"event": "a",
<<MIS:END>>
"""


def on_trial(name: str, regex: str, *, joins: tuple[str, ...] = ()) -> Pattern:
    return Pattern(
        name=name,
        intent="diagnostic",
        regex=regex,
        joins=joins,
        state="shadow",
        origin=f"of {name}",
    )


FNORD = on_trial("fnord", r"^fnord (?P<code>\d+) of it$")
EVERY = on_trial("every", r"^.*[a-z].*$", joins=("ruff_concise",))
TRIED = Library((FNORD, *BASE.patterns, EVERY))


def read(
    data: bytes, library: Library, *, brief: bool = False, channel: StreamChannel = "stdout"
) -> tuple[list[Record | Miss], StreamParser]:
    parser = StreamParser(channel, library)
    parser.brief = brief
    return [*parser.feed(data), *parser.close()], parser


def test_what_is_on_trial_counts_and_changes_no_record() -> None:
    plain, before = read(LOG, BASE)
    tried, after = read(LOG, TRIED)
    assert tried == plain
    assert after.lines == before.lines
    assert after.trials["of fnord"] == TrialCounts(lines=3, explained_lines=0)
    counted = after.trials["of every"]
    assert counted.lines > 3
    assert 2 <= counted.explained_lines < counted.lines


def test_a_stretch_that_only_a_pattern_on_trial_knows_is_not_skimmed() -> None:
    _, parser = read(b"nothing here\n" + b"fnord 1 of it\n" * 300, Library((FNORD,)), brief=True)
    assert parser.trials["of fnord"].lines == 300


def test_an_agents_own_words_are_not_tried() -> None:
    _, parser = read(b"fnord 1 of it\n", TRIED, channel="message")
    assert not parser.trials


@pytest.mark.parametrize("channel", ["stdout", "message"])
def test_each_line_is_seen_once_with_what_became_of_it(channel: StreamChannel) -> None:
    seen: list[tuple[bytes, str | None, MissReason | None]] = []

    def see(line: CleanLine, pattern: str | None, reason: MissReason | None, /) -> None:
        seen.append((line.data, pattern, reason))

    parser = StreamParser(channel, BASE, seen=see)
    found = [*parser.feed(LOG), *parser.close()]
    explained = [data for data, pattern, _ in seen if pattern]
    missed = [(data.decode(), reason) for data, _, reason in seen if reason]
    assert b"a.py:1:2: E501 long" in explained
    assert missed == [(miss.text, miss.reason) for miss in found if isinstance(miss, Miss)]
    if channel == "stdout":
        assert len(explained) == parser.lines.explained_lines
        assert ("fnord 13 of it", "unexplained") in missed
    else:
        assert (b"fnord 13 of it", None, None) in seen, "prose is seen, and is no miss"


def test_the_packaged_library_is_itself_after_writing_it_out() -> None:
    text = library_text(acting(TRIED))
    again, problems = load_library(text)
    assert problems == []
    assert again.digest() == acting(TRIED).digest() == acting(BASE).digest()
    assert library_text(again) == text
    assert [replace(p, origin="", line=0) for p in again.patterns] == [
        replace(p, origin="", line=0) for p in BASE.patterns if p.state == "active"
    ]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=60, deadline=None)
@given(
    name=texts.filter(bool),
    examples=st.lists(texts, max_size=3).map(tuple),
    fields=st.dictionaries(st.sampled_from(["path", "event"]), texts).map(
        lambda d: tuple(d.items())
    ),
    rationale=texts,
)
def test_any_text_of_an_entry_comes_back(
    name: str, examples: tuple[str, ...], fields: tuple[tuple[str, str], ...], rationale: str
) -> None:
    one = Pattern(
        name=name,
        intent="event",
        regex="^a$",
        multiline=True,
        reflags=("i", "m"),
        examples=examples,
        fields=fields,
        rationale=rationale,
        state="off",
    )
    again, problems = load_library(library_text(Library((one,))), origin="")
    assert problems == []
    assert again == Library((one,))
