from __future__ import annotations

import pytest

from journal import audit_tape as on
from journal.audit_tape import Tape
from makeitso.journal.figures import figures
from makeitso.plans.globs import matches
from makeitso.protocol import audit
from makeitso.protocol import events as ev


def drift(
    *numbers: tuple[int, int, int], ended: bool = True, runs: list[str] | None = None
) -> tuple[audit.DriftAlert, ...]:
    """Alerts over runs of (records, misses, tokens), each with one task."""
    tape = Tape()
    for number, (records, misses, tokens) in enumerate(numbers, 1):
        run = f"r{number}"
        tape.created(number, run=run)
        tape.planned(number, on.task("T1"), run=run)
        read = ev.OutputParsed(
            channel="stdout", lines=records + misses, explained_lines=records,
            size_bytes=1, explained_bytes=1, unlisted_records=records, unlisted_misses=misses,
        )  # fmt: skip
        tape.at(number, read, run=run, task="T1")
        tape.at(number, on.usage("worker", tokens, 0), run=run, task="T1")
        if ended:
            tape.at(number, ev.TaskEnded(state="landed"), run=run, task="T1")
            tape.at(number, ev.RunFinished(state="done"), run=run)
    return figures(tape.events, covers=matches, runs=runs).drift


GOOD, BAD = (90, 10, 1000), (60, 40, 1000)


def test_fewer_lines_understood_is_an_alert_with_the_numbers() -> None:
    found = drift(*[GOOD] * 4, *[BAD] * 5)
    assert [alert.figure for alert in found] == ["parse_success", "coverage"]
    assert (found[0].recent, found[0].earlier) == (0.6, 0.9)
    assert found[0].recent_runs == ("r5", "r6", "r7", "r8", "r9")
    assert found[0].earlier_runs == 4
    assert found[0].message == (
        "60% of lines that ask for a record gave one, 90% before "
        "(the last 5 runs against 4 earlier ones)"
    )


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        ([BAD] * 4 + [GOOD] * 5, "it got better"),
        ([GOOD] * 9, "it is as before"),
        ([GOOD] * 2 + [BAD] * 5, "two runs are no history"),
        ([(87, 13, 1)] * 4 + [(84, 16, 1)] * 5, "three points less are noise"),
        ([(30, 70, 1)] * 4 + [(22, 78, 1)] * 5, "it was as bad before"),
        ([(9, 1, 1)] * 4 + [(6, 4, 1)] * 5, "forty lines say nothing"),
        ([(0, 0, 1000)] * 9, "there was no output"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_no_alert(numbers: list[tuple[int, int, int]], why: str) -> None:
    assert drift(*numbers) == (), why


def test_tokens_for_a_task_by_the_median() -> None:
    quiet = drift(*[(1, 0, 1000)] * 4, *[(1, 0, 1400)] * 4, (1, 0, 90_000))
    assert quiet == ()  # one large run is no drift
    (alert,) = drift(*[(1, 0, 1000)] * 4, *[(1, 0, 1500)] * 5)
    assert (alert.figure, alert.recent, alert.earlier) == ("tokens_per_task", 1500, 1000)
    assert "1,500 tokens for a task, 1,000 before" in alert.message


def test_runs_under_way_and_later_ones_do_not_count() -> None:
    numbers = [*[GOOD] * 4, *[BAD] * 5]
    assert drift(*numbers, ended=False) == ()
    assert drift(*numbers, runs=["r4"]) == ()  # it is held against what was before it
    assert len(drift(*numbers, runs=["r9"])) == 2


def test_only_the_nearest_history_counts() -> None:
    assert drift(*[GOOD] * 10, *[BAD] * 20, *[BAD] * 5) == ()
