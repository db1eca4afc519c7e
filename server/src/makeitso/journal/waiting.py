"""How long at least one question was open: the union of intervals, in constant memory."""

from __future__ import annotations


class Waiting:
    """Open questions by id, and the time in which there was one."""

    def __init__(self) -> None:
        self._open: set[str] = set()
        self._since = 0
        self._total_ms = 0

    def asked(self, question: str, at: int) -> None:
        """A question stands from `at`, Unix ms; asked again it changes nothing."""
        if not self._open:
            self._since = at
        self._open.add(question)

    def closed(self, question: str, at: int) -> None:
        """A question has its answer or fell away."""
        if question not in self._open:
            return
        self._open.remove(question)
        if not self._open:
            # A clock that was set back makes nothing negative.
            self._total_ms += max(0, at - self._since)

    def total_ms(self, until: int) -> int:
        """The time so far; what is open counts up to `until`, Unix ms."""
        return self._total_ms + (max(0, until - self._since) if self._open else 0)
