"""A reason that comes up the ladder is said once."""

from __future__ import annotations

from makeitso.cli.once import Once

WHY = "unexpected status 404: no such model"


def test_only_what_is_new_of_a_reason_is_said() -> None:
    once = Once()
    assert once.rest(WHY) == WHY
    assert once.rest(WHY) == ""
    assert once.rest(f"{WHY} (name another)") == "(name another)"
    assert once.rest(f"{WHY} (name another)") == ""
    assert once.rest(f"T1: {WHY} (name another)") == "T1"


def test_of_several_tasks_the_names_are_left_and_the_news() -> None:
    once = Once()
    once.rest(WHY)
    assert once.rest(f"T1: {WHY}; T2: the disk is full") == "T1; T2: the disk is full"


def test_a_sentence_is_left_whole_where_a_reason_stands_in_the_middle_of_it() -> None:
    once = Once()
    once.rest("interrupted (loop): the same 3 times")
    asked = "question: T2 was interrupted (loop): the same 3 times. Go on?"
    assert once.rest(asked) == asked


def test_a_short_word_is_no_reason_to_be_silent() -> None:
    once = Once()
    assert once.rest("no") == "no"
    assert once.rest("no") == "no"


def test_what_was_said_is_known_in_part() -> None:
    once = Once()
    once.rest(f"{WHY} (name another)")
    assert once.has(WHY)
    assert once.has("name another")
    assert not once.has("anything else")
