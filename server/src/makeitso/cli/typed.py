"""Lines a person types, also those typed ahead of their prompt.

Read from the descriptor itself: whether there is input is asked of the system, and the system does
not know of what Python's own stdin has taken in already.
"""

from __future__ import annotations

import codecs
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

HEED_S = 0.1
"""How often a prompt looks whether it is still wanted: answered elsewhere, or interrupted."""
READ_BYTES = 4096


class TypedLines:
    """What came on one stdin and was not asked for yet."""

    def __init__(self, stdin: TextIO) -> None:
        self._descriptor = stdin.fileno()
        self._decoder = codecs.getincrementaldecoder(stdin.encoding or "utf-8")("replace")
        self._held = ""

    def next(self, heed: Callable[[], None]) -> str | None:
        """The next line without its end; None at the end of input.

        `heed` is called while nothing comes; what it raises ends the prompt, and what was typed
        so far is the next prompt's.
        """
        while "\n" not in self._held:
            while not select.select([self._descriptor], [], [], HEED_S)[0]:
                heed()
            try:
                data = os.read(self._descriptor, READ_BYTES)
            except OSError:
                data = b""  # the terminal is gone, and with it the person
            self._held += self._decoder.decode(data, final=not data)
            if not data:
                rest, self._held = self._held, ""
                return rest.rstrip("\r") or None
        line, _, self._held = self._held.partition("\n")
        return line.rstrip("\r")


_LINES: WeakKeyDictionary[TextIO, TypedLines] = WeakKeyDictionary()
"""By stdin: after a patch was read from it, a terminal takes its place."""


def typed_line(heed: Callable[[], None]) -> str | None:
    """The next line on stdin, as `TypedLines.next`; nothing else may read from it."""
    lines = _LINES.get(sys.stdin)
    if lines is None:
        lines = _LINES[sys.stdin] = TypedLines(sys.stdin)
    return lines.next(heed)
