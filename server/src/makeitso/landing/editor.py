"""The port to open documents: a front door with an editor edits them, with undo and versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.protocol.text import Span


@dataclass(frozen=True, kw_only=True)
class OpenText:
    """A document as the editor has it."""

    text: str
    version: int | None
    """The editor's own count of its changes; None: it does not count."""
    dirty: bool
    """Whether it differs from the file."""


@dataclass(frozen=True)
class TextEdit:
    """Replace a range by a text."""

    span: Span
    text: str


@dataclass(frozen=True, kw_only=True)
class FileEdit:
    """Edits of one open document, all against the same version, not overlapping, in order."""

    path: str
    """Relative to the workspace, `/` separated."""
    version: int | None
    edits: tuple[TextEdit, ...]


class Editor(Protocol):
    """What a front door passes in."""

    def open_document(self, path: str, /) -> OpenText | None:
        """The document at a workspace path; None when it is not open. Called on the event loop."""
        ...

    async def apply(self, edits: Sequence[FileEdit], /, *, label: str) -> bool:
        """Apply all edits as one step the person can undo; False: the editor refused them."""
        ...


class NoEditor:
    """Nothing is open here, as in a terminal."""

    def open_document(self, path: str, /) -> OpenText | None:
        """Nothing is."""
        del path
        return None

    async def apply(self, edits: Sequence[FileEdit], /, *, label: str) -> bool:
        """Takes no edits."""
        del label
        return not edits
