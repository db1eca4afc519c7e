"""Live text reaches a client that asked for it, in few and bounded messages, and no other."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import anyio
import pytest
import pytest_asyncio
from lsp_client import Client, Place, make_client, start, stop
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from run_sample import GOAL, KEY, sample, script

from makeitso.lsp.client import client_of
from makeitso.lsp.live_output import MOST_CHARS, PAUSE_S, LiveOutput
from makeitso.scripted import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from makeitso.protocol.notifications import RunOutputNotification


def test_only_what_is_watched_is_held_and_sent() -> None:
    sent: list[RunOutputNotification] = []
    live = LiveOutput(sent.append)
    live.feed("r1", "T1", "message", "before")
    live.watch("r1", on=True)
    live.feed("r1", "T1", "message", "one ")
    live.feed("r2", "T1", "message", "of another run")
    live.feed("r1", "", "manager", "thinks")
    live.feed("r1", "T1", "message", "two")
    live.flush()
    assert [(s.task, s.channel, s.text, s.cut) for s in sent] == [
        ("T1", "message", "one two", 0),
        (None, "manager", "thinks", 0),
    ]
    live.feed("r1", "T1", "message", "late")
    live.watch(None, on=False)
    live.flush()
    assert len(sent) == 2, "sent to who wants no more"
    live.watch(None, on=True)
    live.feed("r9", "T1", "message", "all")
    live.flush()
    assert sent[-1].run == "r9"


def test_a_flood_is_cut_to_its_newest_and_the_rest_counted() -> None:
    sent: list[RunOutputNotification] = []
    live = LiveOutput(sent.append)
    live.watch(None, on=True)
    for number in range(10):
        live.feed("r1", "T1", "stdout", str(number) * MOST_CHARS)
    live.flush()
    assert [(len(s.text), s.text[0], s.cut) for s in sent] == [(MOST_CHARS, "9", 9 * MOST_CHARS)]


def test_a_stream_is_told_of_at_most_ten_times_a_second() -> None:
    times: list[float] = []

    async def go() -> None:
        live = LiveOutput(lambda text: times.append(anyio.current_time()))
        live.watch(None, on=True)
        async with anyio.create_task_group() as group:
            group.start_soon(live.work)
            end = anyio.current_time() + 4 * PAUSE_S
            while anyio.current_time() < end:
                live.feed("r1", "T1", "stdout", "x")
                await anyio.sleep(0.001)
            group.cancel_scope.cancel()

    anyio.run(go)
    assert len(times) >= 2
    assert all(b - a >= PAUSE_S * 0.9 for a, b in itertools.pairwise(times))


@pytest.mark.parametrize(
    ("options", "wanted"),
    [({"output": True}, True), ({"output": "yes"}, False), (["output"], False), (None, False)],
)
def test_a_client_may_ask_for_it_when_it_begins(options: Any, wanted: bool) -> None:
    params = types.InitializeParams(
        capabilities=types.ClientCapabilities(), initialization_options=options
    )
    assert client_of(params).wants_output is wanted


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with serve(script, key=KEY) as model:
        yield sample(tmp_path_factory.mktemp("live"), model.base_url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(place: Place) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, place)
    yield client
    assert await stop(client) == 0


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.codex
@pytest.mark.timeout(400)
async def test_a_worker_is_heard_by_who_watches(client: Client) -> None:
    def heard() -> list[dict[str, Any]]:
        return [said for name, said in client.told if name == "mis/run/output"]

    async def state(run: str) -> str:
        return str((await client.ask("mis/run/get", {"run": run}))["run"]["state"])

    with pytest.raises(JsonRpcException, match="no run"):
        await client.ask("mis/run/watch", {"run": "r0"})
    made = await client.ask("mis/plan/create", {"goal": GOAL})
    begun = await client.ask(
        "mis/run/start", {"plan": made["path"], "yes": True, "policy": "delegate"}
    )
    run = begun["run"]["id"]
    assert not heard(), "nobody asked for it"
    assert await client.ask("mis/run/watch", {"run": run}) == {"on": True}

    async def over() -> bool:
        return await state(run) in ("done", "failed", "stopped")

    await client.until_asked(over, what="the run is over")
    assert {said["run"] for said in heard()} == {run}
    channels = {said["channel"] for said in heard()}
    assert {"message", "check"} <= channels, channels
    assert KEY not in str(heard())
