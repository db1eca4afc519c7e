"""Waits of tasks: begun, looked at, ended. While one is open nothing runs and nothing is spent."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.events_work import OutputRef
from makeitso.protocol.wait import Pace, WaitBy, WaitEnd, WaitFor


class WaitStarted(Wire):
    """A task waits from here on, before it starts or in the middle of its rounds.

    What is to be waited for is fixed here: a process that takes the run up goes on with the same
    end, not with a new one.
    """

    type: Literal["wait.started"] = "wait.started"
    by: WaitBy = Field(description="Who wants it: config, plan or manager.")
    wait: WaitFor = Field(description="What is waited for.")
    because: str = Field(description="In words, such as `until 18:00`.")
    until: int = Field(description="Unix ms: its end; of a command, when it is given up.")
    length_ms: int | None = Field(
        default=None,
        ge=0,
        description="It never takes longer than this; null: a time of the clock is its end.",
    )
    pace: Pace = Field(description="How looks at a command follow each other.")


class WaitLooked(Wire):
    """The command of a wait was run once."""

    type: Literal["wait.looked"] = "wait.looked"
    wait: int = Field(ge=1, description="seq of its `wait.started`.")
    exit_code: int | None = Field(description="Exit status; null: it did not end in time.")
    duration_ms: int = Field(ge=0, description="Wall time.")
    sandboxed: bool = Field(description="Whether it was held in the sandbox.")
    next_at: int | None = Field(description="Unix ms of the next look; null: there is none.")
    output: OutputRef | None = Field(default=None, description="What it put out.")
    tail: str = Field(default="", description="End of the output.")


class WaitEnded(Wire):
    """A wait is over; the task goes on, or fails when it may not."""

    type: Literal["wait.ended"] = "wait.ended"
    wait: int = Field(ge=1, description="seq of its `wait.started`.")
    reason: WaitEnd = Field(description="elapsed, succeeded, gave_up, refused or skipped.")
    because: str = Field(default="", description="More, in words.")
    who: str = Field(default="", description="The person who ended it; empty: nobody did.")
