"""Clients for tests of the language server: pytest-lsp's with a log, and a bare one."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# pytest-lsp and pygls leave much untyped; what comes out of here is typed again.

from __future__ import annotations

import asyncio
import itertools
import json
import os
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient, client_capabilities
from pytest_lsp.client import register_lsp_features
from pytest_lsp.protocol import LanguageClientProtocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SERVER = [sys.executable, "-m", "makeitso.lsp.main"]
DEADLINE_S = 90.0
OURS = (
    "mis/run/event",
    "mis/run/output",
    "mis/approval/changed",
    "mis/change/changed",
    "mis/proposal/changed",
    "mis/note",
)


@dataclass(frozen=True)
class Place:
    """A workspace with directories of a person of its own."""

    root: Path
    home: Path
    extra: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "LC_ALL": "C.UTF-8",
            **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
            **self.extra,
        }

    def file(self, path: str, text: str) -> Path:
        found = self.root / path
        found.parent.mkdir(parents=True, exist_ok=True)
        found.write_text(text, encoding="utf-8")
        return found


def make_place(base: Path, *, git: bool = True, **extra: str) -> Place:
    """A workspace with a space and a non-ASCII letter in its name."""
    place = Place(base / "wörk space", base / "home", extra)
    place.root.mkdir(parents=True)
    place.home.mkdir()
    if git:
        subprocess.run(["git", "init", "-q"], cwd=place.root, check=True, env=place.env)
    return place


class LoggingProtocol(LanguageClientProtocol):
    """Keeps every message, so that a failed test can show them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.log: list[str] = []
        self.bodies: list[dict[str, Any]] = []

    def structure_message(self, data: dict[str, Any]) -> Any:
        # Called for nested objects too; a whole message alone has the version at its top.
        if data.get("jsonrpc") == "2.0":
            self.bodies.append(data)
            self.log.append(f"<- {json.dumps(data, ensure_ascii=False)[:2000]}")
        return super().structure_message(data)

    def _send_data(self, data: Any) -> None:
        body = json.dumps(data, default=self._serialize_message, ensure_ascii=False)
        self.log.append(f"-> {body[:2000]}")
        super()._send_data(data)


class Client(LanguageClient):
    """An editor: opens documents, takes edits, remembers what it was told."""

    protocol: LoggingProtocol  # pyright: ignore[reportIncompatibleVariableOverride] -- made from protocol_cls

    def __init__(self) -> None:
        super().__init__(protocol_cls=LoggingProtocol, converter_factory=default_converter)
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.edits: list[types.ApplyWorkspaceEditParams] = []
        self.refuse_edits: Callable[[], Any] | None = None
        self.told: list[tuple[str, Any]] = []
        self.refreshed = 0
        self.numbers = itertools.count(1)

    async def ask(self, method: str, params: dict[str, Any]) -> Any:
        """A request of ours; the result as JSON."""
        result = await self.protocol.send_request_async(method, params)
        return _plain(result)

    async def command(self, command: types.Command | None) -> Any:
        assert command is not None
        result = await self.workspace_execute_command_async(
            types.ExecuteCommandParams(command=command.command, arguments=command.arguments)
        )
        return _plain(result)

    async def run(self, command: str, params: dict[str, Any]) -> Any:
        """A command of ours by its name; the result as JSON."""
        return await self.command(types.Command(title="", command=command, arguments=[params]))

    def open(self, path: Path, *, text: str | None = None, language: str = "markdown") -> str:
        uri = path.as_uri()
        self.texts[uri] = path.read_text("utf-8") if text is None else text
        self.versions[uri] = 1
        self.text_document_did_open(
            types.DidOpenTextDocumentParams(
                types.TextDocumentItem(uri, language, 1, self.texts[uri])
            )
        )
        return uri

    def change(self, uri: str, text: str) -> None:
        self.texts[uri] = text
        self.versions[uri] += 1
        self.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.versions[uri], uri),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    def take(self, edit: types.WorkspaceEdit) -> None:
        """Apply an edit to the open documents and tell the server."""
        for uri, edits in _edits_by_uri(edit):
            self.change(uri, _applied(self.texts[uri], edits))

    def close(self, uri: str) -> None:
        del self.texts[uri]
        self.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )

    async def lenses(self, uri: str) -> dict[str, types.CodeLens]:
        found = await self.text_document_code_lens_async(
            types.CodeLensParams(types.TextDocumentIdentifier(uri))
        )
        return {lens.command.title: lens for lens in found or [] if lens.command}

    async def actions(self, uri: str, line: int, last: int | None = None) -> list[types.CodeAction]:
        """Code actions as sent: lsprotocol takes any that has a command for a bare command."""
        number = f"actions-{next(self.numbers)}"
        await self.protocol.send_request_async(
            types.TEXT_DOCUMENT_CODE_ACTION,
            types.CodeActionParams(
                types.TextDocumentIdentifier(uri),
                types.Range(types.Position(line, 0), types.Position(last or line, 0)),
                types.CodeActionContext(diagnostics=list(self.diagnostics.get(uri, []))),
            ),
            msg_id=number,
        )
        body = next(body for body in self.protocol.bodies[::-1] if body.get("id") == number)
        convert = self.protocol._converter  # pyright: ignore[reportPrivateUsage] -- its own
        return [convert.structure(item, types.CodeAction) for item in body["result"] or []]

    async def until(self, condition: Callable[[], Any], *, what: str) -> Any:
        """Wait until something holds; what it gives is returned."""
        loop = asyncio.get_running_loop()
        end = loop.time() + DEADLINE_S
        while not (found := condition()):
            assert loop.time() < end, f"never happened: {what}"
            await asyncio.sleep(0.03)
        return found

    async def until_asked(self, question: Callable[[], Any], *, what: str) -> Any:
        """Ask again and again until the answer is one."""
        loop = asyncio.get_running_loop()
        end = loop.time() + DEADLINE_S
        while not (found := await question()):
            assert loop.time() < end, f"never happened: {what}"
            await asyncio.sleep(0.1)
        return found

    def codes(self, uri: str) -> set[str]:
        return {str(diagnostic.code) for diagnostic in self.diagnostics.get(uri, [])}


def _plain(value: Any) -> Any:
    """Undo the namedtuples pygls makes of JSON objects."""
    names: tuple[str, ...] = getattr(value, "_fields", ())
    if names:
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def make_client() -> Client:
    client = Client()
    register_lsp_features(client)
    for name in OURS:
        client.feature(name)(_remember(client, name))

    def _refresh(_params: None) -> None:
        client.refreshed += 1

    def _apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        client.edits.append(params)
        if client.refuse_edits is not None:
            return client.refuse_edits()
        client.take(params.edit)
        return types.ApplyWorkspaceEditResult(applied=True)

    client.feature(types.WORKSPACE_CODE_LENS_REFRESH)(_refresh)
    client.feature(types.WORKSPACE_APPLY_EDIT)(_apply)
    return client


def _remember(client: Client, name: str) -> Callable[[Any], None]:
    def remember(params: Any) -> None:
        client.told.append((name, _plain(params)))

    return remember


def _edits_by_uri(edit: types.WorkspaceEdit) -> list[tuple[str, list[types.TextEdit]]]:
    if edit.document_changes:
        return [
            (change.text_document.uri, [e for e in change.edits if isinstance(e, types.TextEdit)])
            for change in edit.document_changes
            if isinstance(change, types.TextDocumentEdit)
        ]
    return [(uri, list(edits)) for uri, edits in (edit.changes or {}).items()]


def _applied(text: str, edits: list[types.TextEdit]) -> str:
    """Apply edits with UTF-16 positions."""
    units = text.encode("utf-16-le")
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len((line + "\n").encode("utf-16-le")))
    for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character))[::-1]:
        start = starts[edit.range.start.line] + 2 * edit.range.start.character
        end = starts[edit.range.end.line] + 2 * edit.range.end.character
        units = units[:start] + edit.new_text.encode("utf-16-le") + units[end:]
    return units.decode("utf-16-le")


def showing() -> types.ClientCapabilities:
    """What an editor can that opens documents when it is asked to."""
    found = client_capabilities("visual_studio_code")
    assert found.window is not None
    found.window.show_document = types.ShowDocumentClientCapabilities(support=True)
    return found


async def start(
    client: Client,
    place: Place,
    *,
    capabilities: types.ClientCapabilities | None = None,
    options: object = None,
) -> types.InitializeResult:
    await client.start_io(*SERVER, env=place.env, cwd=str(place.root))
    return await client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities or client_capabilities("visual_studio_code"),
            root_uri=place.root.as_uri(),
            workspace_folders=[types.WorkspaceFolder(uri=place.root.as_uri(), name="w")],
            initialization_options=options,
        )
    )


async def stop(client: Client) -> int | None:
    await client.shutdown_session()
    server = client._server  # pyright: ignore[reportPrivateUsage] -- its exit code is wanted
    await client.stop()
    return server.returncode if server else None


class Bare:
    """Speaks the base protocol by hand and keeps every message as it came."""

    def __init__(self, place: Place, *command: str) -> None:
        self.process = subprocess.Popen(
            command or SERVER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=place.env,
            cwd=place.root,
        )
        self._place = place
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._number = 0
        self.all: list[dict[str, Any]] = []
        self.log: list[str] = []
        self.err = b""
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._read, self._drain)
        ]
        for thread in self._threads:
            thread.start()

    def raw(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message: object) -> None:
        body = json.dumps(message).encode()
        self.log.append(f"-> {body.decode()[:2000]}")
        self.raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def notify(self, method: str, params: object) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method: str, params: object = None) -> int:
        self._number += 1
        message = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        self.send(message)
        return self._number

    def ask(self, method: str, params: object = None) -> dict[str, Any]:
        """Send a request and return its answer, `result` or `error` in it."""
        number = self.request(method, params)
        return self.wait(lambda m: m.get("id") == number and "method" not in m)

    def wait(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for message in self.all:
            if wanted(message):
                return message
        while True:
            message = self._messages.get(timeout=DEADLINE_S)
            assert message is not None, f"the server is gone: {self.err.decode()[-2000:]}"
            if wanted(message):
                return message

    def initialize(self, **more: object) -> dict[str, Any]:
        answer = self.ask(
            "initialize",
            {
                "processId": None,
                "rootUri": self._place.root.as_uri(),
                "capabilities": {},
                **more,
            },
        )
        self.notify("initialized", {})
        return answer

    def answers(self, number: object) -> list[dict[str, Any]]:
        return [m for m in self.all if m.get("id") == number and "method" not in m]

    def end(self) -> int:
        """Close stdin and wait; stdout is read to its end."""
        assert self.process.stdin is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
        code = self.process.wait(DEADLINE_S)
        for thread in self._threads:
            thread.join(DEADLINE_S)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        while True:
            header = b""
            while not header.endswith(b"\r\n\r\n"):
                byte = self.process.stdout.read(1)
                if not byte:
                    self._messages.put(None)
                    return
                header += byte
            # Anything else than a header here is what a stray print would look like.
            assert header.startswith(b"Content-"), header
            length = int(header.split(b"Content-Length: ")[1].split(b"\r")[0])
            message = json.loads(self.process.stdout.read(length))
            self.log.append(f"<- {json.dumps(message)[:2000]}")
            assert message.get("jsonrpc") == "2.0", message
            assert "method" in message or ("result" in message) != ("error" in message), message
            self.all.append(message)
            self._messages.put(message)

    def _drain(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.err += line
