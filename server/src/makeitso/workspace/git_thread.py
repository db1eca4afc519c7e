"""Work with git in a thread: whoever waits for it may be cancelled, and its git ends then."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio
from anyio import lowlevel, to_thread

from makeitso.processes import task_group
from makeitso.workspace.git_stopping import GitCalls, GitStopped, part_of

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """Do work that asks git in a thread; cancelled: its git is ended, and nothing follows it.

    Raises:
        MisError: what `work` raises.
    """
    calls = GitCalls()

    def begun() -> T:
        part_of(calls)  # in the thread's own copy of the context
        return work()

    async with task_group() as group:
        group.start_soon(_until_cancelled, calls)
        try:
            done = await to_thread.run_sync(begun)
        except GitStopped:
            await lowlevel.checkpoint_if_cancelled()
            raise
        group.cancel_scope.cancel()
    await lowlevel.checkpoint_if_cancelled()  # it was too late to stop it
    return done


async def _until_cancelled(calls: GitCalls) -> None:
    try:
        await anyio.sleep_forever()
    finally:
        calls.stop()
