"""What of the things that runs leave behind may go: a pure decision over facts.

Nothing of a run that is open, or that has hunks nobody decided, ever goes, and never a landing that
has not ended. A worktree goes only after its present files are under a ref, and refs, artifacts and
kept set-ups only when they are old enough or too large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Kind = Literal[
    "worktree", "home", "tmp", "refs", "artifacts", "replay", "demo", "setup", "landing", "review"
]  # fmt: skip
RunEnd = Literal["open", "undecided", "settled"]
"""undecided: over, with hunks that wait for marks or for landing."""

DAY_MS = 86_400_000


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """Something a run left behind."""

    kind: Kind
    name: str
    """What a person knows it by: a path, or the prefix of refs."""
    run: str
    """Run it belongs to; empty: none."""
    task: str = ""
    size_bytes: int = 0
    since: int
    """Unix milliseconds of its last use."""
    pid: int | None = None
    """Process that made it, where that is known."""
    alive: bool = False
    """That process still runs."""
    lost: bool = False
    """A worktree that git does not know: nothing can keep its files."""
    half: bool = False
    """A set-up that was never kept as a whole; a landing, or a review with one, that goes on."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """`[retention]`."""

    days: int
    bytes_: int
    replay_days: int
    replay_bytes: int

    def days_of(self, kind: Kind) -> int:
        """How many days something is kept."""
        return self.replay_days if kind == "replay" else self.days

    def bytes_of(self, kind: Kind) -> int:
        """How many bytes of something are kept."""
        return self.replay_bytes if kind == "replay" else self.bytes_


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether something goes, and why."""

    item: Leftover
    remove: bool
    reason: str


def decide(
    items: Iterable[Leftover],
    runs: Mapping[str, RunEnd],
    limits: Limits,
    *,
    now: int,
    auto: bool,
) -> tuple[Decision, ...]:
    """Decide for each leftover, in the order given.

    Args:
        items: what there is.
        runs: how the runs of the journal stand, by id; one that is missing is unknown.
        limits: what is kept how long.
        now: Unix milliseconds.
        auto: nobody looks: also what could go at once stays for the days of the limits.
    """
    found = [_decide(item, runs, limits, now=now, auto=auto) for item in items]
    for kind in ("artifacts", "replay", "setup"):
        found = _within_bytes(found, runs, limits, kind=kind)
    return tuple(found)


def _decide(
    item: Leftover, runs: Mapping[str, RunEnd], limits: Limits, *, now: int, auto: bool
) -> Decision:
    if item.kind == "landing":
        how = "`mis resume` ends it" if item.half else "look at both texts in it, delete it by hand"
        return Decision(item=item, remove=False, reason=f"a landing that stopped half-way: {how}")
    end = runs.get(item.run)
    if item.kind == "review":
        return _review(item, limits, now=now, auto=auto)
    if end == "open":
        return Decision(item=item, remove=False, reason="its run is open")
    if end == "undecided":
        return Decision(item=item, remove=False, reason="its hunks are not decided: `mis review`")
    if item.lost:
        return Decision(
            item=item, remove=False, reason="git does not know it; look at it, delete it by hand"
        )
    if item.alive and end is None:
        return Decision(item=item, remove=False, reason=f"process {item.pid} uses it")
    if item.kind == "setup" and item.half:
        return Decision(item=item, remove=True, reason="it was never finished")
    days = limits.days_of(item.kind)
    if now - item.since > days * DAY_MS:
        return Decision(item=item, remove=True, reason=f"older than {days} days")
    at_once = item.kind in ("worktree", "demo") or (item.kind in ("home", "tmp") and item.run)
    if at_once and not auto:
        return Decision(
            item=item, remove=True, reason="its run is over" if end else "nothing needs it"
        )
    return Decision(item=item, remove=False, reason=f"kept for {days} days")


def _review(item: Leftover, limits: Limits, *, now: int, auto: bool) -> Decision:
    """A review of something that is not ours: opened again, it has the marks it had."""
    if now - item.since > limits.days * DAY_MS:
        return Decision(item=item, remove=True, reason=f"older than {limits.days} days")
    if auto or item.half:
        reason = "a landing of it is under way" if item.half else f"kept for {limits.days} days"
        return Decision(item=item, remove=False, reason=reason)
    return Decision(
        item=item, remove=True, reason="it waits for marks; opened again, it has those of now"
    )


def _within_bytes(
    decisions: list[Decision], runs: Mapping[str, RunEnd], limits: Limits, *, kind: Kind
) -> list[Decision]:
    """Let the oldest outputs of settled runs, or set-ups, go until the rest is within the limit."""
    kept = [d for d in decisions if d.item.kind == kind and not d.remove]
    excess = sum(d.item.size_bytes for d in kept) - limits.bytes_of(kind)
    gone: set[str] = set()
    for decision in sorted(kept, key=lambda d: d.item.since):
        if excess <= 0:
            break
        if runs.get(decision.item.run) in (None, "settled"):
            gone.add(decision.item.name)
            excess -= decision.item.size_bytes
    what = {"artifacts": "outputs", "replay": "replays"}.get(kind, "kept set-ups")
    reason = f"{what} are more than {limits.bytes_of(kind):,} bytes"
    return [
        Decision(item=d.item, remove=True, reason=reason)
        if d.item.kind == kind and d.item.name in gone
        else d
        for d in decisions
    ]
