"""A task group whose lone failure comes out as itself, not wrapped in a group."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, cast

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from anyio.abc import TaskGroup


@contextlib.asynccontextmanager
async def task_group() -> AsyncGenerator[TaskGroup]:
    """Like `anyio.create_task_group`, but one single failure is raised bare.

    Callers can then catch `MisError` by its type whichever task it came from.
    """
    try:
        async with anyio.create_task_group() as group:
            yield group
    except BaseExceptionGroup as failures:
        lone = _lone(failures)
        raise lone from lone.__cause__


def _lone(failure: BaseException) -> BaseException:
    if not isinstance(failure, BaseExceptionGroup):
        return failure
    members = cast("tuple[BaseException, ...]", failure.exceptions)
    return _lone(members[0]) if len(members) == 1 else cast("BaseException", failure)
