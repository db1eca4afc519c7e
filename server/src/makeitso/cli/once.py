"""What went wrong is said once, though it comes up from turn to phase to task to run."""

from __future__ import annotations

import re

SHORTEST = 8
"""Characters below which a reason is a word like any other and may be said again."""
_EMPTIED = re.compile(r":\s*(?=;|$)")


class Once:
    """The reasons a terminal has shown."""

    def __init__(self) -> None:
        self._said: list[str] = []

    def rest(self, reason: str) -> str:
        """What of a reason is new; from now on all of it is said."""
        left = reason
        for said in sorted(self._said, key=len, reverse=True):
            # Only as a part of its own: cut out of the middle of a sentence it would leave a torso.
            left = re.sub(rf"(?:^|(?<=[:;] )){re.escape(said)}(?=$|;| \()", "", left)
        if len(reason) >= SHORTEST and reason not in self._said:
            self._said.append(reason)
        left = _EMPTIED.sub("", left).strip(" ;")
        return "" if not any(c.isalnum() for c in left) else left

    def has(self, text: str) -> bool:
        """Whether a text was said, alone or in a longer one."""
        return any(text in said for said in self._said)
