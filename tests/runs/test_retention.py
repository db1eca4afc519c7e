"""What may go and what may not, case by case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makeitso.runs.retention import DAY_MS, Leftover, Limits, decide

if TYPE_CHECKING:
    from makeitso.runs.retention import Kind, RunEnd

NOW = 1_000 * DAY_MS
LIMITS = Limits(days=30, bytes_=1_000, replay_days=90, replay_bytes=500)


def item(
    kind: Kind,
    *,
    days: float = 1,
    run: str = "r1",
    size: int = 0,
    alive: bool = False,
    lost: bool = False,
    half: bool = False,
) -> Leftover:
    return Leftover(
        kind=kind,
        name=f"{kind}-{run}-{days}",
        run=run,
        size_bytes=size,
        since=NOW - round(days * DAY_MS),
        pid=1 if alive else None,
        alive=alive,
        lost=lost,
        half=half,
    )


def goes(one: Leftover, end: RunEnd | None, *, auto: bool = False) -> bool:
    runs: dict[str, RunEnd] = {} if end is None else {one.run: end}
    (decision,) = decide([one], runs, LIMITS, now=NOW, auto=auto)
    assert decision.reason
    return decision.remove


KINDS: tuple[Kind, ...] = ("worktree", "home", "tmp", "refs", "artifacts")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", ["open", "undecided"])
def test_nothing_of_a_run_that_is_not_settled_goes(kind: Kind, end: RunEnd) -> None:
    for days in (1, 500):
        assert not goes(item(kind, days=days), end)
        assert not goes(item(kind, days=days), end, auto=True)


@pytest.mark.parametrize("end", ["settled", None])
def test_places_of_work_go_at_once_and_what_people_read_stays(end: RunEnd | None) -> None:
    assert [goes(item(kind), end) for kind in KINDS] == [True, True, True, False, False]
    assert [goes(item(kind, days=31), end) for kind in KINDS] == [True] * 5


@pytest.mark.parametrize("kind", [*KINDS, "demo"])
def test_with_nobody_looking_everything_stays_for_its_days(kind: Kind) -> None:
    assert not goes(item(kind, days=29), "settled", auto=True)
    assert goes(item(kind, days=31), "settled", auto=True)


def test_a_worktree_git_does_not_know_stays_for_ever() -> None:
    assert not goes(item("worktree", days=500, lost=True), None)
    assert not goes(item("worktree", days=500, lost=True), "settled", auto=True)


def test_what_a_live_process_made_stays_when_no_run_speaks_for_it() -> None:
    assert not goes(item("worktree", days=500, alive=True), None)
    assert goes(item("worktree", alive=True), "settled")


def test_shared_directories_go_by_age_only() -> None:
    assert not goes(item("home", run=""), None)
    assert goes(item("home", run="", days=31), None)


def test_the_oldest_outputs_go_until_the_rest_fits() -> None:
    sizes = {"r1": (5, 700), "r2": (4, 700), "r3": (3, 700), "r4": (2, 700)}
    items = [item("artifacts", run=run, days=d, size=s) for run, (d, s) in sizes.items()]
    runs: dict[str, RunEnd] = {"r1": "open", "r2": "settled", "r3": "settled", "r4": "settled"}
    decided = decide(items, runs, LIMITS, now=NOW, auto=True)
    # 2800 bytes are 1800 too many: the open run's stay, of the others the oldest three go.
    assert [d.item.run for d in decided if d.remove] == ["r2", "r3", "r4"]
    runs["r1"] = "settled"
    decided = decide(items, runs, LIMITS, now=NOW, auto=True)
    assert [d.item.run for d in decided if d.remove] == ["r1", "r2", "r3"]


@pytest.mark.parametrize("auto", [False, True])
def test_a_kept_set_up_goes_when_it_is_old_or_was_never_finished(auto: bool) -> None:
    assert not goes(item("setup", run="", days=29), None, auto=auto)
    assert goes(item("setup", run="", days=31), None, auto=auto)
    assert goes(item("setup", run="", days=0, half=True), None, auto=auto)


def test_set_ups_have_the_same_bytes_as_outputs_and_not_together_with_them() -> None:
    items = [item("setup", run=f"s{d}", days=d, size=600) for d in (3, 2, 1)]
    items += [item("artifacts", run="r1", days=9, size=900)]
    decided = decide(items, {"r1": "settled"}, LIMITS, now=NOW, auto=True)
    assert [d.item.run for d in decided if d.remove] == ["s3", "s2"]
    assert {d.reason for d in decided if d.remove} == {"kept set-ups are more than 1,000 bytes"}


@pytest.mark.parametrize("end", ["open", "undecided", "settled", None])
@pytest.mark.parametrize("half", [False, True])
def test_a_landing_that_stopped_half_way_is_never_deleted(end: RunEnd | None, half: bool) -> None:
    one = item("landing", days=500, half=half)
    assert not goes(one, end)
    assert not goes(one, end, auto=True)


def test_replays_have_days_and_bytes_of_their_own() -> None:
    assert not goes(item("replay", days=89), "settled")
    assert not goes(item("replay", days=89), None, auto=True)
    assert goes(item("replay", days=91), "settled", auto=True)
    assert not goes(item("replay", days=500), "undecided")
    items = [item("replay", run=f"r{d}", days=d, size=200) for d in (3, 2, 1)]
    items += [item("artifacts", run="r1", days=9, size=900)]
    decided = decide(items, {f"r{d}": "settled" for d in (1, 2, 3)}, LIMITS, now=NOW, auto=True)
    assert [(d.item.run, d.reason) for d in decided if d.remove] == [
        ("r3", "replays are more than 500 bytes")
    ]
