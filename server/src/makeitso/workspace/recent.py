"""Results that follow from their key alone, the newest few kept: trees and blobs never change."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


class Recent(Generic[T]):
    """A memory of results, bounded by their weight; may be used from several threads.

    Args:
        room: the most that all results kept may weigh together; the newest is kept whatever it
            weighs.
        weight: what a result weighs.
    """

    def __init__(self, *, room: int, weight: Callable[[T], int]) -> None:
        self._room = room
        self._weight = weight
        self._kept: dict[Hashable, T] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The result of a key, made if it is not known any more.

        Two threads that ask at once may both make it: that is harmless, and nobody waits.
        """
        with self._lock:
            if key in self._kept:
                self._kept[key] = found = self._kept.pop(key)  # it is the newest now
                return found
        made = make()
        self.put(key, made)
        return made

    def peek(self, key: Hashable) -> T | None:
        """What is known of a key; None: nothing."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: Hashable, result: T) -> None:
        """Keep a result, in the place of an older one of the same key."""
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = result
            left = sum(self._weight(one) for one in self._kept.values())
            for old in list(self._kept)[:-1]:
                if left <= self._room:
                    break
                left -= self._weight(self._kept.pop(old))
