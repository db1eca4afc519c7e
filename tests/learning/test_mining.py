from __future__ import annotations

import random
import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.learning.literals import literal_count
from makeitso.learning.masks import skeleton, tokens
from makeitso.learning.mining import Sample, mine
from makeitso.learning.places import shape
from makeitso.learning.synthesis import CannotProposeError, compiled, entry_of, pattern_of
from makeitso.parsing.library import Library
from makeitso.parsing.lint import check_library

WORDS = ["error", "opened", "user", "for", "block", "at", "path:", "[x]", "a=b", "(y)", "'q r'"]
VALUES = [
    "12",
    "10.0.0.7:80",
    "0x1f",
    "/a/b.c",
    "3.25",
    "src/a.py:3:1:",
    "2031-01-02 10:11:12",
    "é✖",
]
LINES = st.lists(
    st.lists(st.sampled_from(WORDS + VALUES), min_size=1, max_size=7).map(" ".join), max_size=12
)
FREE = st.lists(st.text(string.printable + "\ufffd\x1bé", min_size=1, max_size=60), max_size=6)


def samples(lines: list[str]) -> list[Sample]:
    return [Sample(text=line, run=f"r{n % 3}") for n, line in enumerate(lines)]


def without_breaks(lines: list[str]) -> list[str]:
    return [re.sub(r"[\n\r\x0b\x0c\x1c-\x1e]", "", line) for line in lines]


@given(st.one_of(LINES, FREE))
@settings(max_examples=120, deadline=None)
def test_every_proposal_matches_all_its_lines_and_the_lint_has_no_error(lines: list[str]) -> None:
    lines = without_breaks(lines)
    groups = mine(samples(lines))
    covered = {line for group in groups for line in group.lines}
    assert covered == {line.strip() for line in lines if line.strip()}
    for group in groups:
        if literal_count(group.regex) == 0:
            with pytest.raises(CannotProposeError, match="any text would match"):
                entry_of(group)
            continue
        entry = entry_of(group)
        regex = compiled(entry)
        assert all(regex.matches(line.encode()) for line in group.lines)
        problems = check_library(Library((pattern_of(entry),)))
        assert [p.message for p in problems] == []


@given(LINES, st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_the_order_of_lines_has_no_effect(lines: list[str], seed: int) -> None:
    shuffled = samples(lines)
    random.Random(seed).shuffle(shuffled)
    assert mine(shuffled) == mine(samples(lines))


@given(st.text(max_size=120))
@settings(max_examples=150, deadline=None)
def test_tokens_are_the_whole_line(line: str) -> None:
    assert "".join(token.text for token in tokens(line)) == line.strip()


def test_words_that_vary_become_a_typed_slot_and_events_stay_apart() -> None:
    users = ["root", "alice", "bob", "carol", "dave"]
    lines = [
        f"gate sshd[{n}]: Failed password for {u} from 10.0.0.{n}" for n, u in enumerate(users)
    ]
    lines += [
        f"gate sshd[{n}]: Accepted password for {u} from 10.1.0.{n}" for n, u in enumerate(users)
    ]
    groups = mine(samples(lines))
    assert sorted(len(group.lines) for group in groups) == [5, 5]
    regex = compiled(entry_of(groups[0]))
    assert regex.matches(groups[0].lines[0].replace("alice", "mallory").encode())
    assert not regex.matches(groups[1].lines[0].encode())
    assert ".*" not in groups[0].regex


def test_one_word_that_tells_events_apart_is_no_value() -> None:
    lines = [
        f"session {w} for user root by uid {n}" for w in ("opened", "closed") for n in range(9)
    ]
    assert len(mine(samples(lines))) == 2


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("lib/a.zz:12:7: error: no such thing", ("a.zz", "12", "7", "error", "no such thing")),
        ("lib/b.zz(12,7): warning Z42: odd", ("b.zz", "12", "7", "warning", "odd")),
        ('"lib/c.zz", line 12: Error: odd end', ("c.zz", "12", None, "Error", "odd end")),
        ("odd thing here in lib/d.zz on line 12", ("d.zz", "12", None, None, "odd thing here")),
        ("[ERROR] lib/e.zz:[12,7] odd end", ("e.zz", "12", "7", "ERROR", "odd end")),
    ],
)
def test_a_place_in_a_file_is_told_by_its_shape(line: str, fields: tuple[str | None, ...]) -> None:
    found = shape(line)
    assert found is not None
    match = re.search(found.regex, line)
    assert match is not None
    named = match.groupdict()
    path, number, column, severity, message = fields
    assert named["path"].endswith(str(path))
    assert (named["line"], named.get("column")) == (number, column)
    assert (named.get("severity"), named["message"]) == (severity, message)


@pytest.mark.parametrize(
    "line",
    [
        "connect from /10.0.0.1:5012",
        "retrying host7.example.org:8020",
        "10:11:12 done",
        "see v1.2:3",
        "open through proxy p.example.org:443 and more",
    ],
)
def test_an_address_is_no_place(line: str) -> None:
    found = shape(line)
    assert found is None or "path" not in found.slots or line.startswith(("10:", "see"))


def test_what_a_byte_that_is_no_text_stood_in_is_no_literal() -> None:
    group = mine(samples(["name \ufffdx is bad here"]))[0]
    regex = compiled(entry_of(group))
    assert regex.matches(b"name \xe9x is bad here")


def test_a_line_that_was_cut_is_not_learned_from() -> None:
    assert mine(samples(["word " * 500])) == []


def test_a_skeleton_masks_what_varies() -> None:
    one = skeleton("10:11:12 job 7 of 0xff at 10.0.0.1:80 took 1.5 s")
    assert one == skeleton("23:59:59 job 99 of 0x0 at 192.168.0.9:8080 took 22.25 s")
