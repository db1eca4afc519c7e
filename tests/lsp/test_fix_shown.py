"""Sending a change back asks git for long: others are served meanwhile, it is shown, it can end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from lsp_client import Client, Place, make_client, start, stop
from lsprotocol import types
from proposed_place import under_review
from slow_git import SlowGit, gone, slow_git

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [
    pytest.mark.asyncio(loop_scope="function"),
    pytest.mark.codex,
    pytest.mark.timeout(200),
]

WORKED_OUT = "write-tree"
"""What the worker is to start from is asked of git so."""
Made = tuple[Place, "Path", str, SlowGit]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    slow = slow_git(tmp_path / "bin")
    wrote: dict[str, bytes | None] = {"a.txt": b"one\n2\n", "b.txt": b"three\n"}
    before = {"a.txt": b"1\n2\n", "b.txt": b"3\n"}
    return *under_review(tmp_path, before, wrote=wrote, PATH=slow.path), slow


@pytest_asyncio.fixture(loop_scope="function")
async def client(made: Made) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, made[0])
    yield client
    made[3].release()
    assert await stop(client) == 0


async def hunks(client: Client, run: str) -> list[dict[str, Any]]:
    got = await client.ask("mis/change/get", {"run": run, "task": "T1"})
    return [hunk for file in got["change"]["files"] for hunk in file["hunks"]]


async def begun(client: Client, slow: SlowGit, seen: set[Any]) -> tuple[Any, list[Any]]:
    """Token and reports of a progress that was not there before, once git waits."""
    found = await client.until(
        lambda: next(
            (
                (token, told)
                for token, told in client.progress_reports.items()
                if "mis/change/fix" in str(token) and token not in seen and told
            ),
            None,
        ),
        what="it is shown",
    )
    await client.until(lambda: slow.waits, what="git waits")
    return found


async def test_it_is_shown_and_cancelled_it_leaves_nothing(client: Client, made: Made) -> None:
    place, _, run, slow = made
    first, second = [hunk["id"] for hunk in await hunks(client, run)]
    await client.ask("mis/hunk/mark", {"hunks": [second], "mark": "rejected"})
    change = {"run": run, "task": "T1"}
    slow.hold(WORKED_OUT)
    asking = client.protocol.send_request("mis/change/fix", {**change, "text": "in French"})
    token, told = await begun(client, slow, set())
    assert isinstance(told[0], types.WorkDoneProgressBegin)
    assert (told[0].title, told[0].cancellable) == ("Send the change back to its worker: T1", True)
    waiting = slow.waits
    assert (await client.ask("mis/run/get", {"run": run}))["run"]["id"] == run
    assert not asking.done()

    client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token=token))
    await client.until(asking.done, what="it is over")
    assert getattr(asking.exception(), "code", None) == types.LSPErrorCodes.RequestCancelled
    assert isinstance(told[-1], types.WorkDoneProgressEnd)
    await client.until(lambda: gone(waiting), what="its git ended, though it waits still")
    assert (await client.ask("mis/comment/list", change))["comments"] == []
    refs = place.root / ".git/refs/makeitso"
    assert not [path for path in refs.rglob("*") if "sent-back" in path.name]
    slow.release()

    # A mark that is set while git is asked is in what goes back.
    slow.hold(WORKED_OUT)
    asking = client.protocol.send_request("mis/change/fix", {**change, "text": "in French"})
    await begun(client, slow, {token})
    await client.ask("mis/hunk/mark", {"hunks": [first], "mark": "accepted"})
    slow.release()
    await client.until(asking.done, what="it went back")
    back = asking.result()
    assert back.round == 1
    assert [said.text for said in back.comments] == ["in French"]
    events = [params["event"] for name, params in client.told if name == "mis/run/event"]
    (sent,) = [event["data"] for event in events if event["type"] == "task.sent_back"]
    assert (sent["accepted"], sent["rejected"], sent["open"]) == ([first], [second], [])
    await client.ask("mis/run/stop", {"run": run})
