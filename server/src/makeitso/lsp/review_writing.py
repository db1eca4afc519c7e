"""Review documents written behind an editor's marks: the mark itself is answered at once.

The journal is what is true and the document is a view of it: it is written a moment after the last
of a burst, without waiting for the disk. Where somebody is typing in it nothing is put under their
hands; it is written once they have saved, taken their changes back or closed it.
"""

from __future__ import annotations

import hashlib
import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from makeitso.errors import MisError
from makeitso.requests.changes import write_document

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.lsp.documents import Document, Documents
    from makeitso.requests.place import Workplace

log = logging.getLogger(__name__)

QUIET_S = 0.1
"""A burst of marks is over when none came for so long; then its document is written once."""
LATEST_S = 1.0
"""A burst that does not end is shown so often."""
KNOWN_TEXTS = 8
"""So many versions written last are known again when an editor has read them."""
END_S = 5.0
"""What is left to write when the server ends has so long."""


class ReviewWriting:
    """What is to be written, by run and task.

    Args:
        documents: what is open in the editor.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._due: dict[tuple[str, str], None] = {}
        self._held: dict[tuple[str, str], None] = {}
        """Left as they are, because somebody types in them."""
        self._wake = anyio.Event()
        self._written: dict[Path, deque[str]] = {}

    def due(self, run_id: str, task_id: str) -> None:
        """Have the review document of a task written soon."""
        self._due[run_id, task_id] = None
        self._wake.set()

    def look_again(self) -> None:
        """A document was opened, changed, saved or closed."""
        if self._held:
            self._due |= self._held
            self._held.clear()
            self._wake.set()

    async def work(self, at: Workplace) -> None:
        """Write what is due, until cancelled; what is due then is written before it returns."""
        try:
            while True:
                await self._wake.wait()
                await self._quiet()
                await self._write(at)
        finally:
            with anyio.move_on_after(END_S, shield=True):
                await self._write(at)

    async def _quiet(self) -> None:
        """Wait for the end of the burst."""
        with anyio.move_on_after(LATEST_S):
            while self._wake.is_set():
                self._wake = anyio.Event()
                with anyio.move_on_after(QUIET_S):
                    await self._wake.wait()
        self._wake = anyio.Event()

    async def _write(self, at: Workplace) -> None:
        while self._due:
            task = next(iter(self._due))
            del self._due[task]
            await self._write_one(at, *task)

    async def _write_one(self, at: Workplace, run_id: str, task_id: str) -> None:
        run = at.known_runs().get(run_id)
        path = at.bridge.dot.review / f"{run_id}-{task_id}.diff"
        document = self._documents.at(path)
        if run is None or task_id not in run.tasks:
            return
        if document is not None and await to_thread.run_sync(self._typed, document, path):
            self._held[run_id, task_id] = None
            return
        try:
            await write_document(at, run, run.tasks[task_id], wrote=partial(self._wrote, path))
        except MisError as error:  # the mark is recorded; whoever asks for the document gets it
            log.warning("document.unwritten", extra={"why": error.message})

    def _wrote(self, path: Path, text: str) -> None:
        known = self._written.setdefault(path, deque(maxlen=KNOWN_TEXTS))
        known.append(_digest(text))

    def _typed(self, document: Document, path: Path) -> bool:
        """Whether it holds what no file has: nor what it was opened with, nor what was written."""
        if not document.touched or document.text == document.settled:
            return False
        return _digest(document.text) not in self._written.get(path, ()) and document.dirty


def _digest(text: str) -> str:
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
