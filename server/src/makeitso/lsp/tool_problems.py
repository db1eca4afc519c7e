"""Findings of tools as diagnostics of the real files, open or not, where the lines stand there."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread
from lsprotocol import types

from makeitso.errors import MisError
from makeitso.lsp.diagnostics import SEVERITIES
from makeitso.lsp.findings import Finding, Findings
from makeitso.lsp.positions import TextIndex
from makeitso.protocol.text import Span
from makeitso.review.line_map import LineMap
from makeitso.runs.waiting import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from makeitso.lsp.documents import Document
    from makeitso.lsp.server import Server
    from makeitso.protocol.events import Event
    from makeitso.requests.place import Workplace

log = logging.getLogger(__name__)

MOST_BYTES = 2 << 20
"""Of a file that is looked at for where its lines stand."""
PAUSE_S = 0.2
"""Tools print many lines at once: they are shown at once."""
UNREAD = frozenset({"usage.counted", "command.ran", "miss.found", "output.parsed", "manager.asked"})
"""Types of events that are not read when the session begins: they change nothing here."""


@dataclass(frozen=True)
class _Read:
    """A file of a worktree as it was when something was found in it."""

    finding: Finding
    lines: tuple[str, ...] | None


class ToolProblems:
    """What tools said of the files of the workspace.

    Args:
        server: the connection.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._findings = Findings()
        self._by_path: dict[str, list[_Read]] = {}
        self._closed: dict[str, list[types.Diagnostic]] = {}
        """What is published for files that are not open, by path."""
        self._moved = anyio.Event()

    def take(self, event: Event) -> None:
        """Told by the journal."""
        if self._findings.take(event):
            self._moved.set()

    def _catch_up(self, at: Workplace) -> None:
        """Take what runs that go on said before this session; what stands still moved nowhere."""
        try:
            for run in at.known_runs().values():
                if run.active and run.finished is None and run.paused is None:
                    for event in at.book.journal.read(run=run.id, without=UNREAD):
                        self.take(event)
        except MisError as error:
            log.info("findings.unread", extra={"why": error.message})

    def looked_at(self) -> None:
        """A document was opened or closed: who shows its findings changed."""
        self._moved.set()

    def of(self, document: Document) -> list[types.Diagnostic]:
        """Diagnostics of an open file, where its lines stand in what is typed."""
        path = self._server.views.path(document)
        return _placed(self._by_path.get(path, ()) if path else (), document.index)

    async def work(self, at: Workplace) -> None:
        """Show what changed, until cancelled."""
        self._catch_up(at)
        while True:
            await self._moved.wait()
            await anyio.sleep(PAUSE_S)
            self._moved = anyio.Event()
            await self._show(at)

    async def _show(self, at: Workplace) -> None:
        wanted: defaultdict[str, list[Finding]] = defaultdict(list)
        for finding in self._findings.all():
            wanted[finding.path].append(finding)
        known = {one.finding: one for found in self._by_path.values() for one in found}
        fresh = [f for found in wanted.values() for f in found if f not in known]
        root = at.bridge.root
        for one in await to_thread.run_sync(_read_all, root, fresh):
            known[one.finding] = one
        before = set(self._by_path)
        self._by_path = {
            path: reads
            for path, found in wanted.items()
            if (reads := [known[finding] for finding in found if finding in known])
        }
        opened = {path for d in self._server.documents if (path := self._server.views.path(d))}
        for document in self._server.documents:
            if document.kind == "other":
                self._server.views.show(document)
        for path in (before | set(self._by_path) | set(self._closed)) - opened:
            text = await to_thread.run_sync(_text, root / path)
            index = TextIndex(text or "", self._server.documents.codec)
            self._tell(root, path, _placed(self._by_path.get(path, ()), index))
        for path in opened:
            self._closed.pop(path, None)

    def _tell(self, root: Path, path: str, found: list[types.Diagnostic]) -> None:
        if self._closed.get(path, []) == found:
            return
        if found:
            self._closed[path] = found
        else:
            self._closed.pop(path, None)
        self._server.notify(
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS,
            types.PublishDiagnosticsParams(uri=(root / path).as_uri(), diagnostics=found),
        )


def _read_all(root: Path, findings: Sequence[Finding]) -> list[_Read]:
    """The files findings are about, each read once; those that are no file here are left out."""
    texts: dict[tuple[str, str], tuple[str, ...] | None] = {}
    read: list[_Read] = []
    for finding in findings:
        if not _is_file(root, finding.path):
            continue
        key = (finding.worktree, finding.path)
        if key not in texts:
            text = None
            if finding.worktree and _is_file(Path(finding.worktree), finding.path):
                text = _text(Path(finding.worktree) / finding.path)
            texts[key] = tuple(lines_of(text)) if text is not None else None
        read.append(_Read(finding, texts[key]))
    return read


def _is_file(root: Path, path: str) -> bool:
    """Whether a name that a tool printed is a file in a tree, not by way of a link out of it."""
    try:
        found = (root / path).resolve()
        return found.is_relative_to(root.resolve()) and found.is_file()
    except (OSError, ValueError):
        return False


def _text(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError:
        return None
    return data.decode("utf-8", "replace") if len(data) <= MOST_BYTES else None


def _placed(found: Iterable[_Read], index: TextIndex) -> list[types.Diagnostic]:
    """Findings at the lines where they stand in a text of their file."""
    now = lines_of(index.text)
    maps: dict[int, LineMap] = {}
    diagnostics: list[types.Diagnostic] = []
    for one in found:
        line, column = one.finding.line - 1, one.finding.column
        if one.lines is not None and line < len(one.lines):
            if id(one.lines) not in maps:
                maps[id(one.lines)] = LineMap(one.lines, now)
            before = line
            line, _ = maps[id(one.lines)].place(line, line + 1)
            if line >= len(now) or now[line] != one.lines[before]:
                column = None  # that line is the worker's alone: here is the one above it
        line = min(line, max(len(now) - 1, 0))
        width = index.columns(line)
        start = min((column or 1) - 1, width)
        diagnostics.append(
            types.Diagnostic(
                range=index.range(Span(line=line, column=start, end_line=line, end_column=width)),
                message=f"{one.finding.message}\n({one.finding.run} {one.finding.task})",
                severity=SEVERITIES[one.finding.severity],
                code=one.finding.code or None,
                source=one.finding.tool,
            )
        )
    return diagnostics
