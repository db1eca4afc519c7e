"""A source that takes git long: others are answered meanwhile, it is shown, and it can be ended."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from lsp_client import Client, Place, make_client, make_place, showing, start, stop
from lsprotocol import types
from slow_git import SlowGit, gone, slow_git

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.timeout(200)]

NUMBERS = "".join(f"{n}\n" for n in range(1, 31))
WORDS = NUMBERS.replace("\n3\n", "\nthree\n").replace("\n25\n", "\ntwenty-five\n")


def git(place: Place, *args: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@b")
    done = subprocess.run(
        ["git", *who, *args], cwd=place.root, check=True, env=place.env, capture_output=True
    )
    return done.stdout.decode().strip()


@pytest.fixture
def slow(tmp_path: Path) -> SlowGit:
    return slow_git(tmp_path / "bin")


@pytest.fixture
def place(tmp_path: Path, slow: SlowGit) -> Place:
    found = make_place(tmp_path, GIT_CONFIG_NOSYSTEM="1", PATH=slow.path)
    git(found, "checkout", "-q", "-b", "main")
    found.file("n.txt", NUMBERS)
    git(found, "add", "-A")
    git(found, "commit", "-qm", "one")
    git(found, "checkout", "-q", "-b", "words")
    found.file("n.txt", WORDS)
    git(found, "commit", "-qam", "words")
    git(found, "checkout", "-q", "main")
    return found


@pytest_asyncio.fixture(loop_scope="function")
async def client(place: Place, slow: SlowGit) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, place, capabilities=showing())
    yield client
    slow.release()
    assert await stop(client) == 0


def reports(client: Client) -> tuple[Any, list[Any]] | None:
    """The progress of the newest review that was opened, once it is shown."""
    found = [(t, r) for t, r in client.progress_reports.items() if "review/open" in str(t) and r]
    return found[-1] if found else None


async def test_others_are_answered_and_it_is_shown(client: Client, slow: SlowGit) -> None:
    slow.hold("diff-tree")
    asking = client.protocol.send_request("mis/review/open", {"from": "words"})
    _, told = await client.until(lambda: reports(client), what="it is shown")
    assert slow.waits
    assert isinstance(told[0], types.WorkDoneProgressBegin)
    assert (told[0].title, told[0].cancellable) == ("Open the review: words", True)
    assert (await client.ask("mis/run/list", {}))["runs"] == []
    assert not asking.done()
    slow.release()
    await client.until(asking.done, what="it is open")
    assert asking.result().round == 1
    assert isinstance(told[-1], types.WorkDoneProgressEnd)


@pytest.mark.parametrize("way", ["progress", "request"])
async def test_cancelled_its_git_ends_and_nothing_is_recorded(
    client: Client, place: Place, slow: SlowGit, way: str
) -> None:
    slow.hold("diff-tree")
    asking = client.protocol.send_request("mis/review/open", {"from": "words"}, msg_id="open")
    token, told = await client.until(lambda: reports(client), what="it is shown")
    waiting = await client.until(lambda: slow.waits, what="git waits")
    if way == "progress":
        client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token=token))
    else:
        client.cancel_request(types.CancelParams(id="open"))
    await client.until(asking.done, what="it is over")
    assert getattr(asking.exception(), "code", None) == types.LSPErrorCodes.RequestCancelled
    await client.until(lambda: gone(waiting), what="its git ended, though it waits still")
    await client.until(lambda: isinstance(told[-1], types.WorkDoneProgressEnd), what="shown so")
    assert not (place.root / ".makeitso").exists()
    slow.release()
    assert (await client.ask("mis/review/open", {"from": "words"}))["round"] == 1


async def test_what_is_edited_meanwhile_is_in_the_round_that_follows(
    client: Client, place: Place, slow: SlowGit
) -> None:
    opened = await client.ask("mis/review/open", {"from": "words"})
    (first, diff), _ = [(h["id"], h["diff"]) for f in opened["change"]["files"] for h in f["hunks"]]
    git(place, "checkout", "-q", "words")
    place.file("n.txt", WORDS.replace("twenty-five", "25, in words"))
    git(place, "commit", "-qam", "in words")
    git(place, "checkout", "-q", "main")
    slow.hold(git(place, "rev-parse", "words^{tree}"))
    asking = client.protocol.send_request("mis/review/open", {"from": "words"})
    await client.until(lambda: slow.waits, what="git waits")
    edited = diff.replace("+three\n", "+THREE\n")
    await client.ask("mis/hunk/edit", {"hunk": first, "diff": edited})
    slow.release()
    await client.until(asking.done, what="it is open")
    again = asking.result()
    assert again.round == 2
    text = (place.root / again.document).read_text("utf-8")
    assert "+THREE\n" in text
    assert "+25, in words\n" in text
