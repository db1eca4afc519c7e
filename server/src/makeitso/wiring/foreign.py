"""From what a person names to a review of it in an open workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.runs import foreign
from makeitso.workspace import changes, sources

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.change import Change
    from makeitso.runs.foreign import Review
    from makeitso.wiring.bridge import Bridge
    from makeitso.workspace.sources import Found


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A source, and the review of it."""

    found: Found
    review: Review

    @property
    def empty(self) -> bool:
        """There is nothing to review, and nothing of before stands."""
        opening = self.review.opening
        return opening is not None and not opening.change.hunks and self.review.round == 1


def review_of(
    bridge: Bridge, source: str, *, start: Path, patch: bytes | None = None, record: bool | None
) -> Opened:
    """Find what is named and let it stand for review, in this process or for good.

    Neither a plan nor trust is needed: nothing of it runs.

    Args:
        bridge: the workspace.
        source: what the person named; with a patch: what it is called.
        start: directory that relative paths are relative to.
        patch: the patch itself, where it is no file.
        record: False: it is recorded when something is done to it, and not before; None: it is
            only looked at, and nothing can be done to it.

    Raises:
        NotFoundError, UsageError: it names nothing that can be reviewed.
        StoreError: it cannot be recorded.
    """
    if patch is not None:
        found = sources.find_patch(bridge.repo, patch, name=source)
    else:
        found = sources.find(bridge.repo, source, start=start)
    now = bridge.clock.now_ms()
    review = foreign.look(
        bridge.book,
        bridge.repo,
        found,
        config=bridge.config,
        options=bridge.options(),
        now_ms=now,
    )
    opened = Opened(found=found, review=review)
    if opened.empty or record is None:
        return opened
    if record:
        foreign.record(bridge.book, bridge.repo, review)
    else:
        foreign.stage(bridge.book, bridge.repo, review, now_ms=now)
    return opened


def change_of(bridge: Bridge, opened: Opened) -> Change:
    """The change of a source that is not under review, in hunks that nobody has marked."""
    found, review = opened.found, opened.review
    return changes.between(
        bridge.repo,
        found.base_tree,
        found.tree,
        run=review.run,
        task=review.task,
        notes=found.notes,
    )
