"""The documents the client has open: their text, version, and whether they differ from the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import anyio
from lsprotocol import types
from pygls.uris import to_fs_path

from makeitso.lsp.positions import TextIndex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pygls.workspace import PositionCodec

Kind = Literal["plan", "review", "config", "rules", "library", "proposal", "log", "other"]

_PLAN = re.compile(r"(^|/)\.makeitso/plans/[^/]+\.plan\.md$")
_REVIEW = re.compile(r"(^|/)\.makeitso/review/[^/]+\.diff$")
_CONFIG = re.compile(r"(^|/)\.makeitso/config\.toml$")
_RULES = re.compile(r"(^|/)makeitso/rules\.toml$")
_LIBRARY = re.compile(r"(^|/)protocol/regexes\.toml$")
_PROPOSAL = re.compile(r"(^|/)\.makeitso/proposals/[^/]+\.toml$")
_LOG = re.compile(r"(^|/)\.makeitso/(artifacts|golden)/.+\.log$")


@dataclass
class Document:
    """One open document; replaced as a whole by each change."""

    uri: str
    path: Path | None
    """None: it has no file, as an untitled one."""
    kind: Kind
    version: int
    index: TextIndex
    touched: bool = False
    """It changed since it was opened or saved."""
    settled: str = ""
    """Its text when it was opened or saved last."""

    @property
    def text(self) -> str:
        """Its text."""
        return self.index.text

    @property
    def dirty(self) -> bool:
        """Whether it differs from its file, byte order mark and line ends aside."""
        if self.path is None:
            return True
        try:
            saved = self.path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return self.touched
        return saved != self.text and _plain(saved) != _plain(self.text)


def _plain(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def kind_of(path: Path | None) -> Kind:
    """What a path holds, by where it lies."""
    name = path.as_posix() if path is not None else ""
    if _PLAN.search(name):
        return "plan"
    if _REVIEW.search(name):
        return "review"
    if _CONFIG.search(name):
        return "config"
    if _RULES.search(name):
        return "rules"
    if _LIBRARY.search(name):
        return "library"
    if _PROPOSAL.search(name):
        return "proposal"
    if _LOG.search(name):
        return "log"
    return "other"


def path_of(uri: str) -> Path | None:
    """The file a URI names, or None."""
    found = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(found) if found else None


class Documents:
    """Open documents by URI."""

    def __init__(self) -> None:
        self._by_uri: dict[str, Document] = {}
        self._codec: PositionCodec | None = None
        self._moved = anyio.Event()

    def agree(self, codec: PositionCodec) -> None:
        """Use the position encoding agreed at initialize."""
        self._codec = codec

    @property
    def codec(self) -> PositionCodec:
        """The agreed encoding."""
        if self._codec is None:
            raise RuntimeError("documents are used before initialize")
        return self._codec

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._by_uri.values()))

    def get(self, uri: str) -> Document | None:
        """An open document, or None."""
        return self._by_uri.get(uri)

    def at(self, path: Path) -> Document | None:
        """The open document of a file; symbolic links and other spellings of its URI count."""
        for document in self._by_uri.values():
            if document.path is not None and (
                document.path == path or _same_file(document.path, path)
            ):
                return document
        return None

    def open(self, item: types.TextDocumentItem) -> Document:
        """A document was opened."""
        path = path_of(item.uri)
        document = Document(
            item.uri,
            path,
            kind_of(path),
            item.version,
            TextIndex(item.text, self.codec),
            settled=item.text,
        )
        self._by_uri[item.uri] = document
        self._tell()
        return document

    def change(self, params: types.DidChangeTextDocumentParams) -> Document | None:
        """A document changed; None when it was never opened."""
        document = self._by_uri.get(params.text_document.uri)
        if document is None:
            return None
        for change in params.content_changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                index = document.index
                start, end = index.offset(change.range.start), index.offset(change.range.end)
                text = index.text[:start] + change.text + index.text[max(start, end) :]
            else:
                text = change.text
            document.index = TextIndex(text, self.codec)
        document.version = params.text_document.version
        document.touched = True
        self._tell()
        return document

    def _tell(self) -> None:
        self._moved.set()
        self._moved = anyio.Event()

    async def opened(self, path: Path) -> Document:
        """Wait until a file is open."""
        while (document := self.at(path)) is None:
            await self._moved.wait()
        return document

    async def later_than(self, document: Document, version: int | None) -> None:
        """Wait until a document is at a later version, or closed."""
        while document.version == version and self._by_uri.get(document.uri) is document:
            await self._moved.wait()

    def saved(self, uri: str) -> Document | None:
        """A document was written to its file."""
        document = self._by_uri.get(uri)
        if document is not None:
            document.touched = False
            document.settled = document.text
        return document

    def close(self, uri: str) -> Document | None:
        """A document was closed."""
        self._tell()
        return self._by_uri.pop(uri, None)


def _same_file(one: Path, other: Path) -> bool:
    return one.name == other.name and one.resolve() == other.resolve()
