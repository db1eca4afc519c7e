"""One task of two is stopped from its lens while the other goes on, and retried from its lens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from lsp_client import Client, Place, make_client, start, stop
from pygls.exceptions import JsonRpcException
from run_sample import CHECK, KEY, hanging, sample

from makeitso.scripted import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.codex,
    pytest.mark.timeout(400),
]

TEXT = f"""# Two at once

Both hang; one is stopped.

- [ ] **T1** Translate words.py
  - files: `words.py`
  - done when: `{CHECK}`

- [ ] **T2** Translate the rest
  - files: `README.md`
  - done when: `{CHECK}`
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with serve(hanging, key=KEY) as served:
        yield sample(tmp_path_factory.mktemp("one"), served.base_url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(place: Place) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, place)
    yield client
    await stop(client)


async def view(client: Client, run: str) -> dict[str, dict[str, Any]]:
    found = (await client.ask("mis/run/get", {"run": run}))["run"]
    return {task["id"]: task for task in found["tasks"]}


def told(client: Client, kind: str, task: str) -> list[dict[str, Any]]:
    events = [params["event"] for name, params in client.told if name == "mis/run/event"]
    return [event for event in events if (event["type"], event["task"]) == (kind, task)]


async def test_one_task_stops_and_is_retried(client: Client, place: Place) -> None:
    path = place.file(".makeitso/plans/2026-11-22-two.plan.md", TEXT)
    uri = client.open(path)
    lenses = await client.lenses(uri)
    run = (await client.command(lenses["Make it so"].command))["run"]["id"]
    for task in ("T1", "T2"):
        await client.until(lambda task=task: told(client, "turn.started", task), what=task)
    lenses = await client.lenses(uri)
    assert {"Stop T1 alone", "Stop T2 alone"} <= set(lenses)
    await client.command(lenses["Stop T1 alone"].command)
    await client.until(lambda: told(client, "task.ended", "T1"), what="T1 is over")
    tasks = await view(client, run)
    assert (tasks["T1"]["state"], tasks["T2"]["state"]) == ("stopped", "running")
    with pytest.raises(JsonRpcException, match=r"T1 of .* is over: stopped"):
        await client.ask("mis/run/stop", {"run": run, "task": "T1"})
    with pytest.raises(JsonRpcException, match="has no task T9"):
        await client.ask("mis/run/stop", {"run": run, "task": "T9"})
    with pytest.raises(JsonRpcException, match="T2 has not ended"):
        await client.ask("mis/run/resume", {"run": run, "retry": ["T2"]})

    # Retried while the run is under way, it goes on in it.
    lenses = await client.lenses(uri)
    before = len(told(client, "turn.started", "T1"))
    await client.command(lenses["Retry T1"].command)
    await client.until(lambda: len(told(client, "turn.started", "T1")) > before, what="T1 works")
    assert (await view(client, run))["T1"]["state"] == "running"
    await client.ask("mis/run/stop", {"run": run})
    await client.until(
        lambda: [
            p for n, p in client.told if n == "mis/run/event" and p["event"]["type"] == "run.paused"
        ],
        what="all of it stands still",
    )
