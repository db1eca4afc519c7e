"""What no run made, or a run left behind, under review in an editor: a live server, real git."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from lsp_client import Client, Place, make_client, make_place, showing, start, stop
from proposed_place import left_behind
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.timeout(200)]

NUMBERS = "".join(f"{n}\n" for n in range(1, 31))
BRANCH = "2024/zähl-03"
"""Neither a word nor ASCII: the name of its document has to be made of it all the same."""


def git(place: Place, *args: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@b")
    subprocess.run(["git", *who, *args], cwd=place.root, check=True, env=place.env)


def commit(place: Place, text: str, *, on: str) -> None:
    git(place, "checkout", "-q", on)
    place.file("n.txt", text)
    git(place, "commit", "-qam", "numbers")
    git(place, "checkout", "-q", "main")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = make_place(tmp_path, GIT_CONFIG_NOSYSTEM="1")
    git(found, "checkout", "-q", "-b", "main")
    found.file("n.txt", NUMBERS)
    git(found, "add", "-A")
    git(found, "commit", "-qm", "one")
    git(found, "branch", BRANCH)
    words = NUMBERS.replace("\n3\n", "\nthree\n").replace("\n25\n", "\ntwenty-five\n")
    commit(found, words, on=BRANCH)
    return found


@pytest_asyncio.fixture(loop_scope="function")
async def client(place: Place) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, place, capabilities=showing())
    yield client
    assert await stop(client) == 0


def hunks(change: Any) -> dict[str, str]:
    return {h["id"]: h["state"] for f in change["files"] for h in f["hunks"]}


async def test_a_look_records_nothing_and_wrong_names_say_so(client: Client, place: Place) -> None:
    looked = await client.ask("mis/review/open", {"from": BRANCH, "look": True})
    assert (looked["run"], looked["document"], looked["round"]) == (None, None, 0)
    assert len(hunks(looked["change"])) == 2
    assert not (place.root / ".makeitso").exists()
    for params, why in (
        ({"from": "nowhere"}, "no worktree"),
        ({}, "name a source"),
        ({"from": BRANCH, "patch": "x"}, "name a source"),
    ):
        with pytest.raises(JsonRpcException, match=why):
            await client.ask("mis/review/open", params)


async def test_its_document_opens_is_marked_refreshed_and_lands(
    client: Client, place: Place
) -> None:
    opened = await client.ask("mis/review/open", {"from": BRANCH})
    path = place.root / opened["document"]
    assert path.as_uri() == opened["uri"]
    uri = client.open(path, language="diff")
    lines = client.texts[uri].split("\n")
    titles = {a.title: a for a in await client.actions(uri, lines.index("+three"))}
    assert {"Accept", "Reject", "Accept all", "Comment…"} <= set(titles)
    assert "Accept file" in await client.lenses(uri)
    first, second = hunks(opened["change"])
    before = len([name for name, _ in client.told if name == "mis/change/changed"])
    await client.command(titles["Accept"].command)
    await client.until(
        lambda: f"[accepted {first}" in path.read_text("utf-8"), what="the document is written anew"
    )
    told = await client.until(
        lambda: [p for name, p in client.told if name == "mis/change/changed"][before:],
        what="the client is told",
    )
    assert told[-1]["document"] == opened["document"]
    client.change(uri, path.read_text("utf-8"))
    titles = {a.title: a for a in await client.actions(uri, lines.index("+three"))}
    assert "Take the mark back" in titles

    # Its branch moves on: the next round keeps the mark, and what is new is said.
    more = NUMBERS.replace("\n3\n", "\nthree\n").replace("\n25\n", "\ntwenty five\n")
    commit(place, more, on=BRANCH)
    again = await client.ask("mis/review/open", {"from": BRANCH})
    assert (again["document"], again["round"]) == (opened["document"], 2)
    states = hunks(again["change"])
    assert states.pop(first) == "accepted"
    assert list(states) == list(again["new"]) != [second]
    client.change(uri, path.read_text("utf-8"))
    titles = {a.title: a for a in await client.actions(uri, 0)}
    await client.command(titles["Accept all"].command)
    await client.until(
        lambda: (place.root / "n.txt").read_text() == more, what="what is accepted landed"
    )


async def test_a_patch_and_a_command_that_shows_it(client: Client, place: Place) -> None:
    patch = "--- a/n.txt\n+++ b/n.txt\n@@ -1,2 +1,2 @@\n-1\n+one\n 2\n"
    opened = await client.ask("mis/review/open", {"patch": patch})
    assert opened["source"]["kind"] == "patch"
    text = (place.root / opened["document"]).read_text("utf-8")
    assert "+one\n" in text
    shown = await client.run("mis.review.open", {"from": BRANCH})
    await client.until(
        lambda: [s.uri for s in client.shown_documents] == [shown["uri"]], what="it is shown"
    )


async def test_what_a_task_left_behind_is_reviewed_from_its_plan(tmp_path: Path) -> None:
    place, plan = left_behind(
        tmp_path, {"n.txt": b"1\n2\n", "mine.txt": b"mine\n"},
        dirty={"mine.txt": b"mine, typed\n"}, wrote={"n.txt": b"one\n2\n"},
    )  # fmt: skip
    client = make_client()
    await start(client, place, capabilities=showing())
    uri = client.open(plan)
    lens = (await client.lenses(uri))["Review what it left"]
    assert "Review what it left" in {a.title for a in await client.actions(uri, 4)}
    opened = await client.command(lens.command)
    files = [f["path"] for f in opened["change"]["files"]]
    assert files == ["n.txt"], "what the person had typed is none of its work"
    assert hunks(opened["change"]) == {}, "an editor that opens the document has them there"
    got = await client.ask("mis/change/get", {"run": opened["run"], "task": opened["task"]})
    (hunk,) = hunks(got["change"])
    assert hunk in (place.root / opened["document"]).read_text("utf-8")
    await client.ask("mis/hunk/mark", {"hunks": [hunk], "mark": "accepted"})
    await client.until(lambda: (place.root / "n.txt").read_text() == "one\n2\n", what="it landed")
    assert (place.root / "mine.txt").read_text() == "mine, typed\n"
    assert await stop(client) == 0
