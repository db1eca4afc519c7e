"""How much live output is shown: what somebody can follow, and the end of what they could not.

Writing a line to a terminal takes long, measured 0.2 ms; whoever writes a flood holds up the worker
that it comes from, and the monitor that would stop it.
"""

from __future__ import annotations

from collections import deque

from makeitso.protocol.counts import counted

LINES_A_SECOND = 200
LAST_LINES = 10
"""So many of what was too fast are shown after all: the end says most."""


class Pace:
    """One stream of live output."""

    def __init__(self) -> None:
        self._second = -1
        self._room = 0
        self._left_out = 0
        self._last: deque[str] = deque(maxlen=LAST_LINES)

    def take(self, lines: str, now: float) -> list[str]:
        """What to show of these whole lines, the last one without its end; `now` is in seconds."""
        shown: list[str] = []
        if int(now) != self._second:
            shown += self.rest()
            self._second, self._room = int(now), LINES_A_SECOND
        if self._room:
            first = lines.split("\n", self._room)
            lines = first.pop() if len(first) > self._room else ""
            shown += first
            self._room -= len(first)
            if self._room or not lines:
                return shown
        self._left_out += lines.count("\n") + 1
        self._last.extend(lines.rsplit("\n", LAST_LINES)[-LAST_LINES:])
        return shown

    def rest(self) -> list[str]:
        """What to show of what was too fast, now that it is over."""
        hidden, last = self._left_out - len(self._last), list(self._last)
        self._left_out = 0
        self._last.clear()
        more = f"... {counted(hidden, 'line')} more, kept in the output file"
        return [more, *last] if hidden else last
