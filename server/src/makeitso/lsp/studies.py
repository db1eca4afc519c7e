"""What takes a while to find out about a document: found off the loop, kept with its text."""

from __future__ import annotations

import logging
import re
from functools import partial
from typing import TYPE_CHECKING, Literal

import anyio
from anyio import to_thread

from makeitso.errors import MisError
from makeitso.lsp import libraries
from makeitso.lsp.library_view import LibraryView, study_library
from makeitso.lsp.log_view import LogView, study_log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from makeitso.lsp.documents import Document
    from makeitso.lsp.server import Server
    from makeitso.protocol.record import StreamChannel
    from makeitso.requests.place import Workplace

log = logging.getLogger(__name__)

StudyKind = Literal["library", "proposal", "log"]
StudyView = LibraryView | LogView
PAUSE_S = 0.15
"""After a key, so that a burst of them is looked at once."""
_OUTPUT = re.compile(r"(?P<run>r\d{8}-\d+)/(?:[^/]+/)?output/(?P<channel>[a-z]+)\.log$")


def kind_in(document: Document, at: Workplace) -> StudyKind | None:
    """What of this sort a document holds, by where it lies and how the workspace is set."""
    path, root, config = document.path, at.bridge.root, at.bridge.config
    if path is None or document.kind in ("plan", "review", "config", "rules"):
        return None
    if document.kind in ("library", "proposal", "log"):
        return document.kind
    if path == root / config.learning.regex_repo:
        return "library"
    if path.suffix == ".log" and path.is_relative_to(root / config.project.artifacts_dir):
        return "log"
    return None


class Studies:
    """The studies of open documents.

    Args:
        server: the connection.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._made: dict[str, tuple[tuple[object, ...], StudyView | None]] = {}
        self._wake = anyio.Event()

    def latest(self, document: Document) -> StudyView | None:
        """What was found out last, maybe about an earlier text."""
        made = self._made.get(document.uri)
        return made[1] if made is not None else None

    def of(self, document: Document) -> StudyView | None:
        """What was found out about the text as it is now; None: nothing yet."""
        found = self.latest(document)
        return found if found is not None and found.text == document.text else None

    def forget(self, document: Document) -> None:
        """A document was closed."""
        self._made.pop(document.uri, None)

    def wake(self) -> None:
        """Something may have changed."""
        self._wake.set()

    async def work(self, at: Workplace) -> None:
        """Study what changed, until cancelled."""
        while True:
            await self._wake.wait()
            await anyio.sleep(PAUSE_S)
            self._wake = anyio.Event()
            for document in self._server.documents:
                kind = kind_in(document, at)
                if kind is not None:
                    try:
                        await self._study(at, document, kind)
                    except MisError as error:  # the settings or the journal: others say it
                        log.info("study.failed", extra={"why": error.message})

    async def _study(self, at: Workplace, document: Document, kind: StudyKind) -> None:
        own, text, path = libraries.own_text(at), document.text, document.path
        key = (text, own, at.bridge.dictionary.tokens)
        made = self._made.get(document.uri)
        if made is not None and made[0] == key:
            return
        work: Callable[[], StudyView | None]
        if kind == "log":
            work = partial(_log, at, text, path, own)
        else:
            named = path.name if kind == "proposal" and path is not None else ""
            work = partial(_library, at, text, own, named)
        view = await to_thread.run_sync(work, abandon_on_cancel=True)
        if self._server.documents.get(document.uri) is not document:
            return  # closed meanwhile
        self._made[document.uri] = (key, view)
        self._server.views.show(document)
        self._server.refresh_lenses()


def _library(at: Workplace, text: str, own: str | None, proposal: str) -> LibraryView:
    base = libraries.laid_over(own) if proposal else libraries.packaged()
    if not proposal and libraries.is_packaged(text):
        return study_library(text, base=None, proposal="", hits=_hits(at))
    return study_library(text, base=base, proposal=proposal, hits=_hits(at))


def _log(at: Workplace, text: str, path: Path | None, own: str | None) -> LogView | None:
    found = _OUTPUT.search(path.as_posix()) if path is not None else None
    channel: StreamChannel = "stdout"
    if found is not None and found["channel"] not in ("stdout", "stderr"):
        return None  # words of an agent, or of the worker program: no output of a tool
    if found is not None and found["channel"] == "stderr":
        channel = "stderr"
    return study_log(
        text,
        library=libraries.laid_over(own),
        delimiters=at.bridge.dictionary.tokens,
        channel=channel,
        run=found["run"] if found is not None else "",
    )


def _hits(at: Workplace) -> Mapping[str, int]:
    if not at.bridge.has_journal:
        return {}
    with at.bridge.second() as apart:
        return apart.journal.count_by("record.found", "record.pattern")
