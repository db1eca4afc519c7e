"""How the work on a task leaves its rounds: given up with a reason, or for a person to answer."""

from __future__ import annotations


class Given(Exception):  # noqa: N818 -- control flow, the task step takes it
    """The task phase ends here, with a reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Waits(Exception):  # noqa: N818 -- control flow, the task step takes it
    """A wait is open; the phase is taken up again when it is over."""


class Unanswered(Exception):  # noqa: N818 -- control flow for the engine
    """A question stands that nobody is there to answer; the phase goes on after a resume."""
