from __future__ import annotations

import itertools
import json
import re
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redaction_samples import KEY, SECRETS, core, leaked, spellings

from makeitso.policy.redaction import Redactor

FORMS = [(n, s, spellings(v)[s]) for n, v in SECRETS.items() for s in spellings(v)]


def redactor(*names: str) -> Redactor:
    made = Redactor(KEY)
    for name in names or tuple(SECRETS):
        assert made.register(name, SECRETS[name])
    return made


ALL = redactor()


@pytest.mark.parametrize(("name", "spelling", "form"), FORMS, ids=lambda x: str(x)[:20])
def test_every_spelling_is_masked(name: str, spelling: str, form: bytes) -> None:
    out = ALL.data(b"before " + form + b" after\n", rules=False)
    assert core(SECRETS[name], spelling, form) not in out
    assert b"[REDACTED:" + name.encode() + b":" in out
    assert out.startswith(b"before ")
    assert out.endswith(b" after\n")


@pytest.mark.parametrize("rules", [False, True])
@pytest.mark.parametrize(("name", "spelling", "form"), FORMS, ids=lambda x: str(x)[:20])
def test_no_split_leaks(name: str, spelling: str, form: bytes, rules: bool) -> None:
    text = b"a line\nx=" + form + b" and more\n"
    whole = ALL.data(text, rules=rules)
    wanted = core(SECRETS[name], spelling, form)
    for cut in range(len(text) + 1):
        stream = ALL.stream(rules=rules)
        parts = [stream.feed(text[:cut]), stream.feed(text[cut:]), stream.close()]
        out = b"".join(parts)
        assert out == whole
        assert wanted not in out
    stream = ALL.stream(rules=rules)
    single = b"".join([*(stream.feed(bytes([c])) for c in text), stream.close()])
    assert single == whole


TEXTS = st.lists(
    st.one_of(
        st.sampled_from([form for _, _, form in FORMS]),
        st.sampled_from([b"hunter2-", b"a1b2", b"c3d4", b"-----", b"\n", b" ", b"password=", b"x"]),
        st.binary(max_size=6),
    ),
    max_size=12,
).map(b"".join)


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.lists(st.integers(1, 40), min_size=1, max_size=8), st.booleans())
def test_chunks_do_not_matter_and_nothing_planted_is_left(
    text: bytes, sizes: list[int], rules: bool
) -> None:
    stream = ALL.stream(rules=rules)
    parts: list[bytes] = []
    at = 0
    for size in itertools.cycle(sizes):
        if at >= len(text):
            break
        parts.append(stream.feed(text[at : at + size]))
        at += size
    out = b"".join([*parts, stream.close()])
    assert out == ALL.data(text, rules=rules)
    for value in SECRETS.values():
        assert value.encode() not in out


def test_ordinary_text_is_not_held_back_without_rules() -> None:
    stream = redactor("plain").stream(rules=False)
    assert stream.feed(b"all of this is fine.") == b"all of this is fine."
    assert stream.feed(b" see hunter2-corr") == b" see "
    assert stream.feed(b"upt\n") == b"hunter2-corrupt\n"
    assert stream.close() == b""


def test_the_longest_value_wins_and_overlaps_are_gone() -> None:
    made = Redactor(KEY)
    made.register("short", "abcdefgh")
    made.register("long", "abcdefgh-ijklmnop")
    out = made.data(b"abcdefgh-ijklmnop abcdefgh-ijkl", rules=False)
    assert re.fullmatch(rb"\[REDACTED:long:....\] \[REDACTED:short:....\]-ijkl", out)
    stream = made.stream(rules=False)
    assert stream.feed(b"abcdefgh") == b"", "it may still become the longer one"
    assert stream.close().startswith(b"[REDACTED:short:")


def test_a_value_whose_end_begins_another_is_final_at_once() -> None:
    made = Redactor(KEY)
    made.register("one", "abcdefgh-5678")
    made.register("two", "5678-ijklmnop")
    text = b"abcdefgh-5678-ijklmnop 5678-ijklmnop"
    whole = made.data(text, rules=False)
    assert re.fullmatch(rb"\[REDACTED:one:....\]-ijklmnop \[REDACTED:two:....\]", whole)
    for cut in range(len(text) + 1):
        stream = made.stream(rules=False)
        assert stream.feed(text[:cut]) + stream.feed(text[cut:]) + stream.close() == whole


def test_a_value_registered_later_is_redacted_in_a_running_stream() -> None:
    made = Redactor(KEY)
    stream = made.stream(rules=False)
    assert stream.feed(b"one ") == b"one "
    made.register("late", "late-secret-1")
    assert b"late-secret-1" not in stream.feed(b"late-secret-1 ") + stream.close()


def test_lines_of_a_value_are_secret_by_themselves() -> None:
    made = Redactor(KEY)
    made.register("pem", "-----BEGIN X-----\nQUJDREVGR0hJSg==\nS0xNTk9QUVJTVA==\n-----END X-----\n")
    out = made.text("log: S0xNTk9QUVJTVA== -----BEGIN X-----", rules=False)
    assert "S0xN" not in out
    assert "-----BEGIN X-----" in out


def test_too_short_values_are_refused_not_forgotten() -> None:
    made = Redactor(KEY)
    assert made.register("pin", "1234567") is False
    assert made.text("1234567") == "1234567"
    assert made.register("pin", "  12345678\n") is True
    assert "12345678" not in made.text("x 12345678 y")


def test_marks_tell_the_same_secret_and_depend_on_the_key() -> None:
    one, two = Redactor(KEY), Redactor(KEY[::-1])
    for made in (one, two):
        made.register("MY KEY", "correct-horse")
    first = one.text("correct-horse")
    assert re.fullmatch(r"\[REDACTED:MY_KEY:[0-9a-f]{4}\]", first)
    assert one.text(b"correct-horse".hex()) == first
    assert two.text("correct-horse") != first
    with pytest.raises(ValueError, match="16 bytes"):
        Redactor(b"short")


def test_values_are_redacted_before_they_are_written() -> None:
    made = redactor("plain", "odd")
    value = {
        "a": [SECRETS["plain"], 3, None, (SECRETS["odd"],)],
        SECRETS["plain"]: {"x": "y " + SECRETS["odd"]},
    }
    out = json.dumps(made.value(value))
    assert not leaked(SECRETS["plain"], out.encode())
    assert not leaked(SECRETS["odd"], out.encode())
    assert cast("dict[str, list[object]]", made.value(value))["a"][1:3] == [3, None]


def test_odd_text_survives() -> None:
    made = redactor("plain")
    assert made.text("\udcff lone \ud800") == "\udcff lone \ud800"
    assert "hunter2" not in made.text("\ud800" + SECRETS["plain"])
    assert made.text("") == ""
    assert made.data(b"\xff\x00\xfe") == b"\xff\x00\xfe"
    assert made.register("bytes", b"\xff\xfe\xfd-raw-secret")
    assert made.data(b"\xff\xfe\xfd-raw-secret", rules=False).startswith(b"[REDACTED:bytes:")
