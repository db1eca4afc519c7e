"""What each watcher counts. Pure: time is handed in, in seconds of any clock that only goes on."""

from __future__ import annotations

import hashlib
import re

FLOOD_S = 3
"""Seconds in a row; a shorter burst is no flood, however fast it is."""
MOST_COMPARED = 65_536
"""Bytes of a command's output that tell one outcome from another."""

_NUMBERS = re.compile(rb"\d+")


class Stall:
    """Time without progress, not counting the time a person is asked."""

    def __init__(self, now: float) -> None:
        self._since = now
        self._asking = 0

    @property
    def waits(self) -> bool:
        """A person is asked: nobody is to blame for the silence."""
        return self._asking > 0

    def progress(self, now: float) -> None:
        """Something came."""
        self._since = now

    def asks(self) -> None:
        """A person is asked; may be nested."""
        self._asking += 1

    def answered(self, now: float) -> None:
        """They have answered."""
        self._asking -= 1
        self._since = now

    def silent_s(self, now: float) -> float:
        """Seconds without progress; 0 while a person is asked."""
        return 0.0 if self.waits else max(0.0, now - self._since)


class Loop:
    """Calls in a row that are the same and end the same.

    Numbers in the output do not count as a difference: times and addresses change by themselves.
    """

    def __init__(self) -> None:
        self._last: tuple[str, str] | None = None
        self._open: dict[str, bytearray] = {}
        self.count = 0
        """How often the last call was made in a row."""

    def output(self, item: str, data: bytes) -> None:
        """A call under way put something out."""
        kept = self._open.setdefault(item, bytearray())
        kept += data[: MOST_COMPARED - len(kept)]

    def ended(self, item: str, call: str, outcome: str) -> int:
        """A call ended; how often it was made in a row, this time included."""
        seen = hashlib.sha256(_NUMBERS.sub(b"0", bytes(self._open.pop(item, b""))))
        this = (call, f"{outcome} {seen.hexdigest()}")
        self.count = self.count + 1 if this == self._last else 1
        self._last = this
        return self.count

    def progress(self) -> None:
        """Something else was done: the row is broken."""
        self._last, self.count = None, 0


class Flood:
    """Bytes of output, by second and in all."""

    def __init__(self, now: float) -> None:
        self.total = 0
        self._start = now
        self._by_second: dict[int, int] = {}

    def output(self, size: int, now: float) -> None:
        """So many bytes came."""
        second = int(now - self._start)
        self.total += size
        self._by_second[second] = self._by_second.get(second, 0) + size
        self._by_second.pop(second - FLOOD_S - 1, None)

    def sustained(self, bytes_per_s: int, now: float) -> bool:
        """Whether each of the last full seconds had more than this."""
        second = int(now - self._start)
        last = range(second - FLOOD_S, second)
        return all(self._by_second.get(one, 0) > bytes_per_s for one in last)

    @property
    def counters(self) -> int:
        """How many seconds are remembered."""
        return len(self._by_second)
