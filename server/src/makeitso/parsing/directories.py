"""The directory a builder works in by now: `make` says which one it enters and leaves.

What its compilers print is meant from there. Entering nests, as one `make` calls another.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from makeitso.parsing.engine import Hit

ENTER = "enter-directory"
LEAVE = "leave-directory"
"""Constant `event` of patterns whose `path` is the directory."""
MAX_DEPTH = 64
"""Deeper is no build; a stream that only ever enters does not grow without end."""


class Directories:
    """Directories entered and not left, of one stream."""

    __slots__ = ("_entered",)

    def __init__(self) -> None:
        """Begin where the tool was started."""
        self._entered: list[str] = []

    @property
    def now(self) -> str | None:
        """The innermost directory, as printed; None: where the tool was started."""
        return self._entered[-1] if self._entered else None

    def take(self, hit: Hit) -> None:
        """Enter or leave, when that is what a line says."""
        event, path = dict(hit.pattern.fields).get("event"), hit.captures.get("path")
        if event == ENTER and path and len(self._entered) < MAX_DEPTH:
            self._entered.append(posixpath.join(self.now or "", path))
        elif event == LEAVE and path:
            # Several that run at once leave in any order: what is left is what is named.
            for index in reversed(range(len(self._entered))):
                if self._entered[index] == path or self._entered[index].endswith("/" + path):
                    del self._entered[index]
                    break
