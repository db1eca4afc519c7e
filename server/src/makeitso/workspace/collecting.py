"""Pausing the cyclic garbage collector while very many objects are made that all stay."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


@contextlib.contextmanager
def paused() -> Generator[None]:
    """Look for no garbage inside: the more objects there are, the longer each look at them takes.

    A fifth of the time in which 10,000 hunks were made went into looks that found nothing. Threads
    that are inside at once may find it on again before they are out: that costs time, no more.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
