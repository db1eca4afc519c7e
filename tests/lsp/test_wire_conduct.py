"""How the server behaves on the wire: one answer a request, nothing inner gets out, a clean end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lsp_client import DEADLINE_S, Bare, Place, make_place

from makeitso.protocol.methods import METHODS, Method

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "sk-planted-0123456789abcdef"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("wire"), OPENAI_API_KEY=SECRET)


@pytest.fixture(scope="module")
def wire(place: Place) -> Iterator[Bare]:
    bare = Bare(place)
    bare.initialize()
    yield bare
    bare.ask("shutdown")
    bare.notify("exit", None)
    assert bare.end() == 0
    answered = [m["id"] for m in bare.all if "method" not in m and m.get("id") is not None]
    assert len(answered) == len(set(answered)), "a request was answered twice"
    assert SECRET not in json.dumps(bare.all)
    assert "Traceback" not in json.dumps(bare.all)


def _bad(method: Method) -> list[object]:
    required = [name for name, field in method.params.model_fields.items() if field.is_required()]
    cases: list[object] = [
        {"noSuchField": SECRET},
        [SECRET],
        SECRET,
        {"jsonrpc": "2.0", "id": 1, "nested": {"jsonrpc": "2.0", "method": "exit"}},
    ]
    if required:
        cases += [{}, None, {required[0]: {"jsonrpc": SECRET}}]
    return cases


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.name)
def test_bad_params_are_answered_once(wire: Bare, method: Method) -> None:
    for params in _bad(method):
        for answer in (
            wire.ask(method.name, params),
            wire.ask(
                "workspace/executeCommand", {"command": method.command, "arguments": [params]}
            ),
        ):
            error = answer["error"]
            assert error["code"] == -32602, (params, error)
            assert all(set(problem) == {"path", "message"} for problem in error["data"])
            assert error["data"], "no field path was given"
            assert SECRET not in json.dumps(answer)


@pytest.mark.parametrize("method", [m for m in METHODS if m.not_yet], ids=lambda m: m.name)
def test_not_yet_is_said(wire: Bare, method: Method) -> None:
    words: dict[str, Any] = {
        name: True if field.annotation is bool else "x"
        for name, field in method.params.model_fields.items()
        if field.is_required()
    }
    answer = wire.ask(method.name, words)
    assert answer["error"]["code"] == -32007
    assert answer["error"]["data"]["hint"]


BAD_STANDARD: list[tuple[str, object]] = [
    ("textDocument/hover", {"bogus": SECRET}),
    ("textDocument/hover", None),
    (
        "textDocument/hover",
        {"textDocument": {"uri": "file:///x"}, "position": {"line": SECRET, "character": 0}},
    ),
    ("textDocument/codeLens", [1]),
    ("textDocument/codeAction", {"textDocument": {"uri": "file:///x"}}),
    ("workspace/executeCommand", {"command": "mis.no.such"}),
    ("workspace/executeCommand", {"command": "mis.run.list", "arguments": [{}, {}]}),
    ("workspace/executeCommand", {"command": "mis.run.list", "arguments": "x"}),
    ("workspace/executeCommand", SECRET),
    ("workspace/executeCommand", None),
]


@pytest.mark.parametrize(("method", "params"), BAD_STANDARD)
def test_bad_params_of_standard_requests(wire: Bare, method: str, params: object) -> None:
    answer = wire.ask(method, params)
    assert answer["error"]["code"] == -32602
    assert SECRET not in json.dumps(answer)


def test_unknown_methods(wire: Bare) -> None:
    for method in ("mis/no/such", "textDocument/noSuch", "$/noSuch", "constructor"):
        assert wire.ask(method, {})["error"]["code"] == -32601
    wire.notify("mis/no/such", {"x": 1})
    wire.notify("$/noSuch", {})
    assert wire.ask("mis/run/list", {})["result"] == {"runs": []}


def test_second_initialize_is_refused(wire: Bare, place: Place) -> None:
    params: dict[str, object] = {"processId": None, "rootUri": place.root.as_uri()}
    params["capabilities"] = {}
    assert wire.ask("initialize", params)["error"]["code"] == -32600


def test_what_is_no_message_is_answered(wire: Bare) -> None:
    for body in (b"{", b"[]", b"7", b"{}", b'"x"'):
        before = len([m for m in wire.all if m.get("id", 0) is None])
        wire.raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        wire.ask("mis/run/list", {})
        said = [m for m in wire.all if m.get("id", 0) is None]
        assert len(said) == before + 1
        assert said[-1]["error"]["code"] in (-32700, -32600)


def test_headers_in_any_case_and_with_types(wire: Bare) -> None:
    body = b'{"jsonrpc":"2.0","id":"odd","method":"mis/run/list"}'
    head = b"content-type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:%d\r\n\r\n"
    wire.raw(head % len(body) + body)
    assert wire.wait(lambda m: m.get("id") == "odd")["result"] == {"runs": []}


def test_keys_that_are_no_identifiers_reach_their_field(wire: Bare) -> None:
    answer = wire.ask("mis/trust/set", {"trusted": True, "digests": {"a-b c": "1", "class": "2"}})
    # Refused for what it says, not for how its keys look.
    assert answer["error"]["code"] == -32008


def test_a_request_leaves_no_trace_where_nothing_was_run(wire: Bare, place: Place) -> None:
    assert wire.ask("mis/run/get", {"run": "r1"})["error"]["code"] == -32006
    assert (
        wire.ask("mis/hunk/mark", {"hunks": ["x"], "mark": "accepted"})["error"]["code"] == -32006
    )
    assert not (place.root / ".makeitso").exists()


def test_before_initialize_and_after_shutdown(tmp_path: Path) -> None:
    wire = Bare(make_place(tmp_path))
    assert wire.ask("mis/run/list", {})["error"]["code"] == -32002
    wire.initialize()
    wire.ask("shutdown")
    assert wire.ask("mis/run/list", {})["error"]["code"] == -32600
    wire.notify("exit", None)
    assert wire.end() == 0


def test_exit_without_shutdown_is_a_failure(tmp_path: Path) -> None:
    wire = Bare(make_place(tmp_path))
    wire.initialize()
    wire.notify("exit", None)
    assert wire.end() == 1


@pytest.mark.parametrize("how", ["eof", "eof-before-initialize", "term", "garbage"])
def test_it_ends_within_seconds(tmp_path: Path, how: str) -> None:
    wire = Bare(make_place(tmp_path))
    if how != "eof-before-initialize":
        wire.initialize()
        wire.ask("mis/run/list", {})
    before = time.monotonic()
    if how == "term":
        wire.process.send_signal(signal.SIGTERM)
        wire.process.wait(DEADLINE_S)
    elif how == "garbage":
        wire.raw(b"hello there\r\n\r\n")
        wire.process.wait(DEADLINE_S)
    assert wire.end() == 0
    # Start-up may fall into this on a busy machine; a hang is what is looked for.
    assert time.monotonic() - before < 30


def test_nothing_printed_reaches_the_wire(tmp_path: Path) -> None:
    program = (
        "import os, subprocess, sys\n"
        "from makeitso.requests import dispatch\n"
        "real = dispatch.HANDLERS['mis/run/list']\n"
        "async def loud(at, params):\n"
        "    print('printed by a handler')\n"
        "    os.write(1, b'written to one\\n')\n"
        "    subprocess.run(['sh', '-c', 'echo from a child'], check=True)\n"
        "    assert sys.stdin.read() == ''\n"
        "    return await real(at, params)\n"
        "dispatch.HANDLERS['mis/run/list'] = loud\n"
        "from makeitso.lsp.main import main\n"
        "sys.exit(main(['--stdio']))\n"
    )
    wire = Bare(make_place(tmp_path), sys.executable, "-c", program)
    wire.initialize()
    assert wire.ask("mis/run/list", {})["result"] == {"runs": []}
    wire.ask("shutdown")
    wire.notify("exit", None)
    assert wire.end() == 0
    for text in (b"printed by a handler", b"written to one", b"from a child"):
        assert text in wire.err


def test_an_internal_error_tells_the_client_nothing(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from makeitso.requests import dispatch\n"
        "async def broken(at, params):\n"
        f"    raise RuntimeError('{SECRET} at /home/somebody')\n"
        "dispatch.HANDLERS['mis/run/list'] = broken\n"
        "from makeitso.lsp.main import main\n"
        "sys.exit(main([]))\n"
    )
    wire = Bare(make_place(tmp_path, OPENAI_API_KEY=SECRET), sys.executable, "-c", program)
    wire.initialize()
    assert wire.ask("mis/run/list", {})["error"] == {
        "code": -32603,
        "message": "Internal error; the server's log says more.",
    }
    wire.end()
    assert b"request.failed" in wire.err
    assert SECRET.encode() not in wire.err


def test_cancelled_requests_are_answered(tmp_path: Path) -> None:
    program = (
        "import sys, anyio\n"
        "from makeitso.requests import dispatch\n"
        "async def slow(at, params):\n"
        "    await anyio.sleep_forever()\n"
        "dispatch.HANDLERS['mis/run/list'] = slow\n"
        "from makeitso.lsp.main import main\n"
        "sys.exit(main([]))\n"
    )
    wire = Bare(make_place(tmp_path), sys.executable, "-c", program)
    wire.initialize()
    number = wire.request("mis/run/list", {})
    wire.notify("$/cancelRequest", {"id": number})
    wire.notify("$/cancelRequest", {"id": "never seen"})
    answer = wire.wait(lambda m: m.get("id") == number)
    assert answer["error"]["code"] == -32800
    left = wire.request("mis/run/list", {})
    wire.ask("shutdown")
    answer = wire.wait(lambda m: m.get("id") == left)
    assert answer["error"]["code"] == -32800
    wire.notify("exit", None)
    assert wire.end() == 0


def test_it_refuses_to_start_with_a_method_nobody_answers(tmp_path: Path) -> None:
    program = (
        "from makeitso.requests import dispatch\n"
        "del dispatch.HANDLERS['mis/run/list']\n"
        "from makeitso.lsp.main import main\n"
        "main([])\n"
    )
    place = make_place(tmp_path)
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=place.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert ended.returncode != 0
    assert b"mis/run/list" in ended.stderr


def test_tcp_serves_one_client(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    server = subprocess.Popen(
        [sys.executable, "-m", "makeitso.lsp.main", "--tcp", "127.0.0.1:0"],
        env=place.env,
        cwd=place.root,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    assert server.stderr is not None
    said = server.stderr.readline().decode()
    port = int(said.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as peer:
        body = json.dumps(
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "initialize",
                "params": {"processId": os.getpid(), "rootUri": None, "capabilities": {}},
            }
        ).encode()
        peer.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        assert b'"serverInfo"' in _until(peer, b'"serverInfo"')
    assert server.wait(DEADLINE_S) == 0
    server.stderr.close()


def _until(peer: socket.socket, wanted: bytes) -> bytes:
    data = b""
    while wanted not in data:
        chunk = peer.recv(4096)
        assert chunk, data
        data += chunk
    return data


def test_version_loads_no_journal_and_says_itself(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    ended = subprocess.run(
        [sys.executable, "-m", "makeitso.lsp.main", "--version"],
        env=place.env,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
    )
    assert ended.stdout.startswith("makeitso ")


@pytest.mark.parametrize("command", [("mis", "lsp"), ("makeitso-language-server", "--stdio")])
def test_both_programs_serve(tmp_path: Path, command: tuple[str, ...]) -> None:
    program = Path(sys.executable).parent / command[0]
    wire = Bare(make_place(tmp_path), str(program), *command[1:])
    name = wire.initialize()["result"]["serverInfo"]["name"]
    assert name == "makeitso"
    wire.ask("shutdown")
    wire.notify("exit", None)
    assert wire.end() == 0
