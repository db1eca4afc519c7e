"""The manager is told the time, and what came of the wait it asked for."""

from __future__ import annotations

from makeitso.managers.questions import judge_prompt
from managers.manager_samples import judge_request


def test_a_manager_that_may_wait_knows_the_time_and_what_came_of_it() -> None:
    text = judge_prompt(
        judge_request(waited="It succeeded at look 3.", now="2026-11-22T18:00+01:00"), prompts={}
    ).text
    assert "(it is 2026-11-22T18:00+01:00)" in text
    told = text.split("What came of the wait you asked for last:")[1]
    assert "```data waited\nIt succeeded at look 3.\n```" in told
    assert "wait_command" in told


def test_a_manager_that_asked_for_no_wait_is_told_of_none() -> None:
    text = judge_prompt(judge_request(), prompts={}).text
    assert "asked for last:\n\n(none)" in text
