"""From what a person names to a review of it in an open workspace."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from makeitso.runs import foreign
from makeitso.workspace import changes, sources

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from makeitso.protocol.change import Change
    from makeitso.runs.foreign import Review, Standing
    from makeitso.wiring.bridge import Bridge
    from makeitso.workspace.git import Repository
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
    bridge: Bridge, source: str, *, start: Path, patch: bytes | None = None, record: bool
) -> Opened:
    """Find what is named and let it stand for review, in this process or for good.

    Neither a plan nor trust is needed: nothing of it runs.

    Args:
        bridge: the workspace.
        source: what the person named; with a patch: what it is called.
        start: directory that relative paths are relative to.
        patch: the patch itself, where it is no file.
        record: False: it is recorded when something is done to it, and not before.

    Raises:
        NotFoundError, UsageError: it names nothing that can be reviewed.
        StoreError: it cannot be recorded.
    """
    found = _find(bridge.repo, source, start=start, patch=patch)
    now = bridge.clock.now_ms()
    known = foreign.standing(bridge.book, found, now_ms=now)
    opened = Opened(found=found, review=_weighing(bridge, found, known)())
    if opened.empty:
        return opened
    if record:
        foreign.record(bridge.book, bridge.repo, opened.review)
    else:
        foreign.stage(bridge.book, bridge.repo, opened.review, now_ms=now)
    return opened


async def review_meanwhile(
    bridge: Bridge, source: str, *, start: Path, patch: bytes | None = None, record: bool
) -> Opened:
    """The same for a server, which does other things while git works, and can be cancelled.

    Git is asked in threads, the journal never. What a thread worked out counts as long as the
    journal says what it said before of the source and of what is open beside it.

    Args:
        bridge: the workspace.
        source: what the person named; with a patch: what it is called.
        start: directory that relative paths are relative to.
        patch: the patch itself, where it is no file.
        record: False: it is only looked at, and nothing can be done to it.

    Raises:
        NotFoundError, UsageError: it names nothing that can be reviewed.
        StoreError: it cannot be recorded.
    """
    import anyio
    from anyio import to_thread

    from makeitso.workspace.git_thread import in_thread

    repo = bridge.repo
    found = await in_thread(partial(_find, repo, source, start=start, patch=patch))
    while True:
        now = bridge.clock.now_ms()
        known = foreign.standing(bridge.book, found, now_ms=now)
        review = await in_thread(_weighing(bridge, found, known))
        opened = Opened(found=found, review=review)
        if not record or opened.empty or review.opening is None:
            if foreign.standing(bridge.book, found, now_ms=now) == known:
                return opened
            continue
        with anyio.CancelScope(shield=True):  # refs without a record would be nobody's
            kept = await to_thread.run_sync(foreign.kept, repo, review, review.opening)
            if foreign.standing(bridge.book, found, now_ms=now) == known:
                foreign.put_down(bridge.book, review, kept)
                return opened


def _find(repo: Repository, source: str, *, start: Path, patch: bytes | None) -> Found:
    if patch is not None:
        return sources.find_patch(repo, patch, name=source)
    return sources.find(repo, source, start=start)


def _weighing(bridge: Bridge, found: Found, known: Standing) -> Callable[[], Review]:
    return partial(
        foreign.weigh, bridge.repo, found, known, config=bridge.config, options=bridge.options()
    )


def change_of(bridge: Bridge, opened: Opened) -> Change:
    """The change of a source that is not under review, in hunks that nobody has marked."""
    found, review = opened.found, opened.review
    trees = (found.base_tree, found.tree)
    return changes.between(
        bridge.repo,
        *trees,
        run=review.run,
        task=review.task,
        notes=found.notes,
        moves=changes.moves(bridge.repo, *trees),
    )
