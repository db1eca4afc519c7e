"""What a group of tasks failed of."""

from __future__ import annotations

from typing import cast

from makeitso.errors import MisError


def innermost(error: BaseException) -> BaseException:
    """The one error that a group of tasks failed of: an interrupt first, then an expected one."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    leaves = _leaves(cast("BaseException", error))
    for kind in (KeyboardInterrupt, SystemExit, BrokenPipeError, MisError):
        for leaf in leaves:
            if isinstance(leaf, kind):
                return leaf
    return leaves[0]


def _leaves(error: BaseException) -> list[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    members = cast("BaseExceptionGroup[BaseException]", error).exceptions
    return [leaf for member in members for leaf in _leaves(member)]
