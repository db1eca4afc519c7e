"""Landings and taking them back in an editor: what lasts is shown, and a plan has a lens for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from lsp_client import Client, Place, make_client, start, stop
from lsprotocol import types
from proposed_place import under_review
from slow_git import SlowGit, slow_git

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.timeout(200)]

BEFORE = {"a.txt": b"1\n2\n", "b.txt": b"3\n"}
READS = "cat-file"
"""What a landing and an undo ask git for first."""


Made = tuple[Place, "Path", str, SlowGit]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    slow = slow_git(tmp_path / "bin")
    wrote: dict[str, bytes | None] = {"a.txt": b"one\n2\n", "b.txt": b"three\n"}
    return *under_review(tmp_path, BEFORE, wrote=wrote, PATH=slow.path), slow


@pytest_asyncio.fixture(loop_scope="function")
async def client(made: Made) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, made[0])
    yield client
    made[3].release()
    assert await stop(client) == 0


async def shown(client: Client, slow: SlowGit, word: str) -> list[Any]:
    """What a progress has told, once it is shown; whoever waits for git goes on then."""
    told = await client.until(
        lambda: next((r for t, r in client.progress_reports.items() if word in str(t) and r), None),
        what=f"{word} is shown",
    )
    await client.until(lambda: slow.waits, what="git waits")
    assert not any(isinstance(one, types.WorkDoneProgressEnd) for one in told)
    slow.release()
    return told


async def ended(client: Client, told: list[Any]) -> None:
    await client.until(
        lambda: isinstance(told[-1], types.WorkDoneProgressEnd), what="the progress ended"
    )


async def test_a_landing_is_shown_and_taken_back_by_the_lens_of_its_plan(
    client: Client, made: Made
) -> None:
    place, plan, run, slow = made
    uri = client.open(plan)
    got = await client.ask("mis/change/get", {"run": run, "task": "T1"})
    first, second = [h["id"] for f in got["change"]["files"] for h in f["hunks"]]
    assert "Undo landing" not in await client.lenses(uri)
    await client.ask("mis/hunk/mark", {"hunks": [first], "mark": "accepted"})

    slow.hold(READS)
    asking = client.protocol.send_request("mis/change/land", {"run": run})
    told = await shown(client, slow, "mis/change/land")
    assert isinstance(told[0], types.WorkDoneProgressBegin)
    assert (told[0].title, told[0].cancellable) == ("Land what is accepted", False)
    await client.until(asking.done, what="it landed")
    await ended(client, told)
    assert (place.root / "a.txt").read_bytes() == b"one\n2\n"

    async def lens() -> types.CodeLens | None:
        return (await client.lenses(uri)).get("Undo landing")

    found = await client.until_asked(lens, what="the plan has the lens")
    assert found.command is not None
    slow.hold(READS)
    taking = client.protocol.send_request(
        types.WORKSPACE_EXECUTE_COMMAND,
        types.ExecuteCommandParams(found.command.command, found.command.arguments),
    )
    told = await shown(client, slow, "mis/change/undo")
    assert isinstance(told[0], types.WorkDoneProgressBegin)
    assert told[0].title == "Take a landing back"
    await client.until(taking.done, what="it is taken back")
    await ended(client, told)
    assert (place.root / "a.txt").read_bytes() == BEFORE["a.txt"]
    assert await client.until_asked(
        lambda: _without(client, uri), what="there is nothing to take back any more"
    )
    got = await client.ask("mis/change/get", {"run": run, "task": "T1"})
    states = {h["id"]: h["state"] for f in got["change"]["files"] for h in f["hunks"]}
    assert states == {first: "pending", second: "pending"}


async def _without(client: Client, uri: str) -> bool:
    return "Undo landing" not in await client.lenses(uri)


async def test_what_lands_by_its_last_mark_is_shown(client: Client, made: Made) -> None:
    place, _, run, slow = made
    got = await client.ask("mis/change/get", {"run": run, "task": "T1"})
    ids = [h["id"] for f in got["change"]["files"] for h in f["hunks"]]
    slow.hold(READS)
    await client.ask("mis/hunk/mark", {"hunks": ids, "mark": "accepted"})
    told = await shown(client, slow, f"landing/{run}/T1")
    assert isinstance(told[0], types.WorkDoneProgressBegin)
    assert told[0].title == "Land what is accepted: T1"
    await ended(client, told)
    assert (place.root / "b.txt").read_bytes() == b"three\n"
