"""For every fault point a way to it: what is done first, and the command that is killed there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faults.jobs import PLAN_PATH, RUN
from makeitso.wiring.faults import points

if TYPE_CHECKING:
    from collections.abc import Mapping

ASKING = ("run", PLAN_PATH, "--yes", "--halt-on", "write_files")
"""Comes to a stop at the review, with exit code 3."""


@dataclass(frozen=True)
class Way:
    """Commands of `mis`; `{approval}` is the open question."""

    killed: tuple[str, ...] = RUN
    first: tuple[tuple[str, ...], ...] = ()
    halted: bool = False
    """It goes on only when a person answers: `--yes` does not lift what `--halt-on` asks."""


_STOPPED = Way(("run", PLAN_PATH))
_RESUMED = Way(("resume", "--yes"), first=(("run", PLAN_PATH),))
_ANSWERED = Way(("approve", "{approval}"), first=(ASKING,))
_MARKED = Way(("review", "accept", "--all"), first=(ASKING,))
_WITHOUT_LANDING = ("run", PLAN_PATH, "--yes", "-c", 'review.land="manual"')
_LANDED = Way(("review", "land"), first=(_WITHOUT_LANDING,))

_PAUSED = Way((*RUN, "-c", "wait.pre_task_wait_s=0.3"))

_OTHER_WAYS: Mapping[str, Way] = {
    "run.paused": _STOPPED,
    "run.resumed": _RESUMED,
    "approval.used": _ANSWERED,
    "approval.voided": _MARKED,
    "landing.requested": _LANDED,
    "review.looked": Way(("review", "looked"), first=(ASKING,), halted=True),
    "wait.started": _PAUSED,
    "wait.ended": _PAUSED,
}
"""Ways to the recording of an event that a plain run does not come by."""

ELSEWHERE = frozenset(
    {
        "plan.written",
        "learning.begun",
        "learning.agreed",
        "learning.replaced",
        "learning.recorded",
        "setup.restored",
        "landing.locked",
        "landing.ref",
        "landing.index",
        "recording.landing.undo_requested",
        "recorded.landing.undo_requested",
        "recording.landing.undone",
        "recorded.landing.undone",
        "recording.run.stop_requested",
        "recorded.run.stop_requested",
        "recording.monitor.interrupted",
        "recorded.monitor.interrupted",
        "recording.budget.neared",
        "recorded.budget.neared",
        "recording.wait.looked",
        "recorded.wait.looked",
        "recording.hunk.split",
        "recorded.hunk.split",
        "check.accepted",
        "round.start",
        *(
            f"{moment}.{kind}"
            for moment in ("recording", "recorded")
            for kind in (
                "comment.added",
                "comment.withdrawn",
                "task.sent_back",
                "check.requested",
                "accepted.checked",
            )
        ),
        "recording.task.held",
        "recorded.task.held",
        "recording.task.stale",
        "recorded.task.stale",
        "recording.task.taken_up",
        "recorded.task.taken_up",
        "recording.retry.planned",
        "recorded.retry.planned",
        "recording.review.opened",
        "recorded.review.opened",
        "recording.rule.stored",
        "recorded.rule.stored",
    }
)
"""Points with a test of their own, because they need more than commands."""


def way_to(point: str) -> Way:
    """The way to a point: a plain run, unless another is known."""
    _, _, kind = point.partition(".")
    return _OTHER_WAYS.get(kind, Way())


def all_points() -> list[str]:
    """Every point that commands alone come to; the general ones with a count."""
    counted = {"recording": "recording:20", "recorded": "recorded:33"}
    return [counted.get(point, point) for point in points() if point not in ELSEWHERE]
