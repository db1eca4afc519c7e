"""Messages about places under review: the next hunk that waits, and where one hunk stands."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire


class Cursor(Wire):
    """A place in a document, as the protocol of editors writes it."""

    line: int = Field(ge=0, description="Zero-based line.")
    character: int = Field(default=0, ge=0, description="Column; not looked at.")


class ReviewStepParams(Wire):
    """Go from where one is to another hunk that waits, round and round.

    From a review document to hunks of it, as long as one waits there; from any other file to
    those of its own and then of the files after it.
    """

    uri: str | None = Field(
        default=None, description="Document one is in, open or not; null: start with the first."
    )
    position: Cursor = Field(default=Cursor(line=0), description="Where in it.")


class ReviewShowParams(Wire):
    """Show where a hunk stands."""

    hunk: str = Field(min_length=1, description="Hunk id.")
    where: Literal["review", "file", "proposal"] = Field(
        default="review",
        description="review: its document, written anew if it is not open; file: the real one, "
        "with what is typed there and not saved; proposal: a read-only copy as proposed.",
    )
    to: Literal["look", "edit", "comment"] = Field(
        default="look",
        description="edit: say how it is edited; comment: begin a line for one below `line`. Both "
        "are done in the review document, by saving it.",
    )
    line: int = Field(
        default=0, ge=0, description="Line of the hunk, by its number as shown; 0: its header."
    )


class ReviewPlace(Wire):
    """A place to look at; a client that can show documents is asked to show it."""

    uri: str | None = Field(default=None, description="Document; null: there is none.")
    line: int = Field(default=0, ge=0, description="Zero-based line.")
    end_line: int = Field(default=0, ge=0, description="Zero-based last line.")
    hunk: str | None = Field(default=None, description="The hunk there.")
    left: int = Field(default=0, ge=0, description="Hunks that wait, this one included.")
    said: str = Field(default="", description="What a person is told with it.")
