"""A comment on a change as people and clients see it."""

from __future__ import annotations

from pydantic import Field

from makeitso.protocol.base import Wire


class Comment(Wire):
    """What a person said about a change, one of its files, a hunk, or lines of it."""

    id: str = Field(description="`c` and a number.")
    run: str = Field(description="Run.")
    task: str = Field(description="Task.")
    text: str = Field(description="What they said.")
    hunk: str | None = Field(description="The hunk it is about, by its id of now; null: none.")
    path: str = Field(description="The file it is about; empty: the whole change.")
    lines: str = Field(
        description="Lines of the hunk below its header, from 1; empty: all, or another hunk took "
        "the place of the one that was commented on."
    )
    line: int | None = Field(description="Where that begins in the proposed file; null: nowhere.")
    quote: str = Field(description="What it is about, as it was shown then.")
    at: int = Field(description="When, Unix ms.")
    sent: int = Field(ge=0, description="The round it went to the worker with, from 1; 0: not yet.")
