"""The connection against a peer that misbehaves: a small program stands for Codex."""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import pytest

from makeitso.codex.appserver import open_appserver, read_result
from makeitso.codex.messages import ThreadOpened
from makeitso.codex.rpc import Handlers, Json, NoAnswer, RemoteError, RequestId, RpcClient
from makeitso.errors import ProtocolError, WorkerError
from makeitso.processes import open_child, task_group

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

pytestmark = pytest.mark.asyncio

PEER = """
import json, sys, time
def send(**m): sys.stdout.write(json.dumps(m) + "\\n"); sys.stdout.flush()
def raw(text): sys.stdout.write(text); sys.stdout.flush()
for line in sys.stdin:
    m = json.loads(line)
    match m.get("method"):
        case "echo": send(id=m["id"], result=m["params"])
        case "fail": send(id=m["id"], error={"code": -32600, "message": "no such thread"})
        case "silent": pass
        case "die": sys.stderr.write("last words"); sys.stderr.flush(); sys.exit(3)
        case "garbage":
            raw("not json\\n\\n[1]\\n" + "[" * 90000 + "\\n")
            raw('{"id": 77, "result": {}}\\n\\xff\\n')
            send(id=m["id"], result={})
        case "ask": send(id="q1", method="may/i", params={"n": 1}); send(id=m["id"], result={})
        case "ask_odd": send(id=0, method="odd", params=[]); send(id=m["id"], result={})
        case "note": send(method="n", params=m["params"]); send(id=m["id"], result={})
        case "initialize": send(id=m["id"], result={"userAgent": "peer"})
        case None: send(method="answered", params=m)
"""


@dataclass
class Heard:
    notes: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    strays: list[str] = field(default_factory=list[str])
    wire: list[bytes] = field(default_factory=list[bytes])
    asked: list[RequestId] = field(default_factory=list[RequestId])
    cancelled: list[RequestId] = field(default_factory=list[RequestId])
    hold: bool = False
    changed: anyio.Event = field(default_factory=anyio.Event)

    async def note(self, method: str, params: Json) -> None:
        self.notes.append((method, params))
        self.wake()

    async def stray(self, text: str) -> None:
        self.strays.append(text)

    async def keep(self, line: bytes) -> None:
        self.wire.append(line)

    async def request(self, request: RequestId, method: str, params: Json) -> Json:
        self.asked.append(request)
        self.wake()
        if method != "may/i":
            raise NoAnswer("unknown here")
        if self.hold:
            try:
                await anyio.sleep_forever()
            finally:
                self.cancelled.append(request)
                self.wake()
        return {"yes": params["n"]}

    def wake(self) -> None:
        self.changed.set()
        self.changed = anyio.Event()

    async def until_note(self, method: str) -> Json:
        with anyio.fail_after(20):
            while True:
                for name, params in self.notes:
                    if name == method:
                        return params
                await self.changed.wait()

    @property
    def handlers(self) -> Handlers:
        return Handlers(note=self.note, request=self.request, wire=self.keep, stray=self.stray)


@asynccontextmanager
async def connected(tmp_path: Path, heard: Heard) -> AsyncGenerator[RpcClient]:
    argv = [sys.executable, "-I", "-S", "-c", PEER]
    env = {"PATH": os.environ["PATH"]}
    async with (
        open_child(argv, cwd=tmp_path, env=env, stdin="pipe", patience_s=5) as child,
        task_group() as tasks,
    ):
        rpc = RpcClient(child, heard.handlers, tasks=tasks)
        tasks.start_soon(rpc.read)
        yield rpc
        tasks.cancel_scope.cancel()


async def test_calls_in_parallel_get_their_own_answers(tmp_path: Path) -> None:
    async with connected(tmp_path, Heard()) as rpc:
        got: dict[int, Json] = {}

        async def call(n: int) -> None:
            got[n] = await rpc.call("echo", {"n": n, "pad": "x" * 100_000})

        async with anyio.create_task_group() as group:
            for n in range(20):
                group.start_soon(call, n)
    assert {n: answer["n"] for n, answer in got.items()} == {n: n for n in range(20)}


async def test_an_error_answer_and_silence(tmp_path: Path) -> None:
    async with connected(tmp_path, Heard()) as rpc:
        with pytest.raises(RemoteError, match="no such thread") as refused:
            await rpc.call("fail", {})
        assert refused.value.data == {"code": -32600}
        with pytest.raises(WorkerError, match="no answer within"):
            await rpc.call("silent", {}, timeout_s=0.2)
        assert await rpc.call("echo", {"a": 1}) == {"a": 1}


async def test_a_peer_that_dies_fails_its_calls_at_once(tmp_path: Path) -> None:
    async with connected(tmp_path, Heard()) as rpc:
        with anyio.fail_after(20), pytest.raises(WorkerError, match="ended"):
            await rpc.call("die", {}, timeout_s=600)
        assert rpc.ended.is_set()


async def test_garbage_is_told_and_survived(tmp_path: Path) -> None:
    heard = Heard()
    async with connected(tmp_path, heard) as rpc:
        await rpc.call("garbage", {})
        assert await rpc.call("echo", {"a": 1}) == {"a": 1}
    assert len(heard.strays) == 4
    assert heard.strays[0] == "not a message: not json"
    assert all(len(text) < 600 for text in heard.strays)
    assert b"not json\n" in heard.wire


async def test_requests_are_answered_and_unknown_ones_refused(tmp_path: Path) -> None:
    heard = Heard()
    async with connected(tmp_path, heard) as rpc:
        await rpc.call("ask", {})
        assert await heard.until_note("answered") == {"id": "q1", "result": {"yes": 1}}
        heard.notes.clear()
        await rpc.call("ask_odd", {})
        refusal = await heard.until_note("answered")
    assert refusal["id"] == 0
    assert refusal["error"] == {"code": -32601, "message": "unknown here"}


async def test_an_open_question_holds_nothing_up_and_can_be_withdrawn(tmp_path: Path) -> None:
    heard = Heard(hold=True)
    async with connected(tmp_path, heard) as rpc:
        await rpc.call("ask", {})
        await rpc.call("note", {"still": "reading"})
        assert heard.notes == [("n", {"still": "reading"})]
        rpc.forget_request("q1")
        with anyio.fail_after(20):
            while not heard.cancelled:
                await heard.changed.wait()
        assert await rpc.call("echo", {}) == {}
    assert heard.cancelled == ["q1"]
    assert not [note for note in heard.notes if note[0] == "answered"]


async def test_an_app_server_that_dies_at_the_start_says_its_last_words(tmp_path: Path) -> None:
    async def log(chunk: bytes) -> None:
        del chunk

    argv = ["sh", "-c", "echo 'bad config' >&2; exit 1"]
    with pytest.raises(WorkerError, match="bad config"):
        async with open_appserver(
            argv,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"]},
            handlers=Heard().handlers,
            log=log,
        ):
            raise AssertionError


async def test_an_answer_of_another_shape_is_a_protocol_error(tmp_path: Path) -> None:
    async def log(chunk: bytes) -> None:
        del chunk

    argv = [sys.executable, "-I", "-S", "-c", PEER]
    async with open_appserver(
        argv,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        handlers=Heard().handlers,
        log=log,
    ) as server:
        assert server.user_agent == "peer"
        answer = await server.rpc.call("echo", {"thread": 3})
        with pytest.raises(ProtocolError, match=ThreadOpened.__name__):
            read_result(ThreadOpened, answer)
