"""The HTTP side: a threaded server on 127.0.0.1 that asks the script and streams its answer."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, cast

from makeitso.scripted.sse import Pause, encode, stream
from makeitso.scripted.view import RequestView, read_request

if TYPE_CHECKING:
    from collections.abc import Generator

    from makeitso.scripted.script import Answer, Script

PAGE = b"""makeitso: scripted model server

No model is behind this address. Answers to POST /v1/responses come from a script.
"""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A request as it came, and whether its key was accepted."""

    method: str
    path: str
    authorized: bool
    view: RequestView | None
    """None unless it is a well-formed POST to `/v1/responses`."""


class ScriptedServer:
    """A running server.

    Attributes:
        requests: all that was asked, oldest first.
    """

    def __init__(self, script: Script, *, key: str | None) -> None:
        self.requests: list[Recorded] = []
        self._script = script
        self._key = key
        self._numbers = itertools.count(1)
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._http = _Http(self)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        return cast("tuple[str, int]", self._http.server_address)[1]

    @property
    def base_url(self) -> str:
        """What to configure as the endpoint."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def views(self) -> tuple[RequestView, ...]:
        """The authorised model requests so far, oldest first."""
        with self._changed:
            return tuple(r.view for r in self.requests if r.view is not None and r.authorized)

    def wait_for_requests(self, count: int, *, timeout_s: float = 30.0) -> bool:
        """Block until `count` model requests have come; False when time is up."""
        with self._changed:
            return self._changed.wait_for(
                lambda: sum(r.view is not None for r in self.requests) >= count, timeout_s
            )

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving, wake answers that wait, and join every thread."""
        self._stopping.set()
        self._http.shutdown()
        self._http.hang_up()
        self._http.server_close()
        self._thread.join()

    def pause(self, seconds: float) -> bool:
        """Wait; True if the server stops meanwhile."""
        return self._stopping.wait(seconds)

    def record(self, request: Recorded) -> None:
        """Keep a request and wake who waits for it."""
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()

    def accepts(self, key: str) -> bool:
        """True if this bearer key is the configured one, or none is configured."""
        return self._key is None or key == self._key

    def answer(self, view: RequestView) -> tuple[Answer, int]:
        """Ask the script; the number makes the response id."""
        return self._script(view), next(self._numbers)


@contextlib.contextmanager
def serve(script: Script, *, key: str | None = None) -> Generator[ScriptedServer]:
    """Serve `script` while the block runs; with `key`, any other bearer key gets 401."""
    server = ScriptedServer(script, key=key)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Http(ThreadingHTTPServer):
    # Joined on close: a stopped server leaves no thread behind to write into a test's next server.
    daemon_threads = False
    block_on_close = True

    def __init__(self, owner: ScriptedServer) -> None:
        self.owner = owner
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, object]:
        """Accept a connection and remember it, so that stopping can end it."""
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: object) -> None:
        """Forget and close a connection."""
        connection = cast("socket.socket", request)
        self._open.discard(connection)
        super().shutdown_request(connection)

    def hang_up(self) -> None:
        """End every open connection: clients keep idle ones for minutes."""
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news; anything else is a bug of the script: show it."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(cast("socket.socket", request), client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "makeitso-scripted"
    sys_version = ""
    timeout = 60

    @property
    def _owner(self) -> ScriptedServer:
        return cast("_Http", self.server).owner

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        """Say nothing: standard error belongs to whoever runs us."""

    def do_GET(self) -> None:
        """Show what this is, and an empty list of models."""
        self._record(view=None)
        if self.path.rstrip("/").endswith("/models"):
            self._send(200, b'{"object": "list", "data": [], "models": []}')
        elif self.path == "/":
            self._send(200, PAGE, kind="text/plain; charset=utf-8")
        else:
            self._refuse(404, "not found", "not_found")

    def do_POST(self) -> None:
        """Answer a model request."""
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        view = self._read(raw)
        self._record(view=view)
        if view is None:
            known = self.path.endswith("/responses")
            self._refuse(400 if known else 404, "not a Responses request", "bad_request")
        elif not self._owner.accepts(view.key):
            self._refuse(401, "Incorrect API key provided.", "invalid_api_key")
        else:
            answer, number = self._owner.answer(view)
            if answer.delay_s and self._owner.pause(answer.delay_s):
                return
            if answer.status is not None:
                self._refuse(answer.status, answer.error, "scripted_error")
            elif view.body.get("stream") is False:
                self._whole(answer, view, number)
            else:
                self._stream(answer, view, number)

    def _read(self, raw: bytes) -> RequestView | None:
        try:
            body: object = json.loads(raw)
        except ValueError:
            return None
        if not isinstance(body, dict) or not self.path.endswith("/responses"):
            return None
        return read_request(cast("dict[str, object]", body), key=self._bearer())

    def _stream(self, answer: Answer, view: RequestView, number: int) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("cache-control", "no-cache")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        if answer.hang_s:
            self.wfile.flush()
            self._owner.pause(answer.hang_s)
            return
        for event in stream(answer, model=view.model, number=number):
            if isinstance(event, Pause):
                if self._owner.pause(event.seconds):
                    return
            else:
                self.wfile.write(encode(event))
                self.wfile.flush()

    def _whole(self, answer: Answer, view: RequestView, number: int) -> None:
        last: dict[str, object] = {}
        for event in stream(answer, model=view.model, number=number):
            if not isinstance(event, Pause):
                last = event
        self._send(200, json.dumps(last.get("response", {})).encode())

    def _bearer(self) -> str:
        return (self.headers.get("authorization") or "").removeprefix("Bearer ")

    def _record(self, *, view: RequestView | None) -> None:
        owner = self._owner
        owner.record(
            Recorded(
                method=self.command,
                path=self.path,
                authorized=owner.accepts(self._bearer()),
                view=view,
            )
        )

    def _refuse(self, status: int, message: str, code: str) -> None:
        error = {"message": message, "type": "invalid_request_error", "code": code}
        self._send(status, json.dumps({"error": error}).encode())

    def _send(self, status: int, body: bytes, *, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
