"""What can be waited for: a while, a time, or a command that succeeds."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from makeitso.protocol.base import Wire

WaitBy = Literal["config", "plan", "manager"]
"""Who wants a wait: `[wait] pre_task_wait_s`, the task's `wait` in the plan, or a verdict."""
WaitEnd = Literal["elapsed", "succeeded", "gave_up", "refused", "skipped"]
"""How a wait ends: its time came; its command succeeded; the command did not in the time given; the
command may not run; a person did not want to wait any longer."""


class WaitFor(Wire):
    """What is waited for: exactly one of `seconds`, `until` and `command`."""

    seconds: float | None = Field(
        default=None, ge=0, description="So many seconds; 0: no wait, whatever the config says."
    )
    until: str | None = Field(
        default=None,
        description="A time: `18:00`, the next such time, or `2026-11-22T18:00`; local, unless it "
        "ends in `Z` or `+01:00`.",
    )
    command: str | None = Field(
        default=None, min_length=1, description="Until this shell command line exits 0."
    )
    cwd: str = Field(default=".", description="Directory of the command, in the repository.")
    every_s: float | None = Field(
        default=None, gt=0, description="Seconds between two looks; null: as `[wait]` paces them."
    )
    limit_s: float | None = Field(
        default=None, gt=0, description="Seconds after which it is given up; null: the config's."
    )

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if sum(value is not None for value in (self.seconds, self.until, self.command)) != 1:
            raise ValueError("give exactly one of seconds, until and command")
        return self


class Pace(Wire):
    """How pauses between two looks follow each other."""

    strategy: Literal["fixed", "expo"] = Field(description="The same, or each twice the last.")
    base_s: float = Field(gt=0, description="The first pause in seconds.")
    max_s: float = Field(gt=0, description="The longest pause in seconds.")


class WaitView(Wire):
    """What a task waits for now, apart from people."""

    by: WaitBy = Field(description="Who wants it: config, plan or manager.")
    because: str = Field(description="In words, such as `until 18:00`.")
    until: int = Field(description="Unix ms: its end; of a command, when it is given up.")
    command: str | None = Field(default=None, description="Until this succeeds; null: a timer.")
    looks: int = Field(default=0, ge=0, description="How often the command was run.")
    exit_code: int | None = Field(default=None, description="How it ended the last time.")
    next_look: int | None = Field(default=None, description="Unix ms; null: not known, or none.")
