"""Marks by lines, splits, joins, steps back and looks: requests of an editor, a live server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from lsp_client import Client, Place, make_client, start, stop
from proposed_place import proposed_place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.timeout(200)]


@pytest.fixture
def made(tmp_path: Path) -> tuple[Place, str]:
    return proposed_place(
        tmp_path,
        {"n.txt": b"a\nb\nc\nd\n", "z.txt": b"last\n"},
        tasks={"T1": {"n.txt": b"A\nB\nC\nd\n", "z.txt": b"last\nmore\n"}},
    )


@pytest_asyncio.fixture(loop_scope="function")
async def client(made: tuple[Place, str]) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, made[0])
    yield client
    assert await stop(client) == 0


async def states(client: Client, change: dict[str, str]) -> dict[str, str]:
    got = await client.ask("mis/change/get", change)
    return {h["id"]: h["state"] for f in got["change"]["files"] for h in f["hunks"]}


async def test_lines_steps_and_looks(client: Client, made: tuple[Place, str]) -> None:
    change = {"run": made[1], "task": "T1"}
    first, second = await states(client, change)
    await client.ask(
        "mis/hunk/mark",
        {
            "hunks": [first],
            "mark": "accepted",
            "lines": {first: [{"first": 2, "last": 2}, {"first": 5, "last": 5}]},
            "rest": "rejected",
        },
    )
    parts = {f"{first}.1": "rejected", f"{first}.2": "accepted", f"{first}.3": "rejected"}
    assert await states(client, change) == {**parts, second: "pending"}
    await client.ask("mis/hunk/join", {"hunk": f"{first}.2"})
    assert await states(client, change) == dict.fromkeys((first, second), "pending")
    await client.ask("mis/hunk/undo", change)
    assert await states(client, change) == {**parts, second: "pending"}
    await client.ask("mis/hunk/undo", change)
    assert await states(client, change) == dict.fromkeys((first, second), "pending")
    split = await client.ask("mis/hunk/split", {"hunk": first, "at": 4})
    assert split["parts"] == [f"{first}.1", f"{first}.2"]
    looked = await client.ask("mis/change/look", {**change, "hunks": [f"{first}.2"]})
    assert looked["hunks"] == [first]
    now = await client.ask("mis/change/get", change)
    new = {h["id"]: "new" in h["flags"] for f in now["change"]["files"] for h in f["hunks"]}
    assert new == {f"{first}.1": False, f"{first}.2": False, second: True}


async def test_a_change_is_sent_without_its_hunks_where_they_are_not_wanted(
    client: Client, made: tuple[Place, str]
) -> None:
    change = {"run": made[1], "task": "T1"}
    whole = await client.ask("mis/change/get", change)
    named = await client.ask("mis/change/get", {**change, "hunks": False})
    assert [len(file["hunks"]) for file in whole["change"]["files"]] == [1, 1]
    for file in whole["change"]["files"]:
        file["hunks"] = []
    assert named == whole
    text = (made[0].root / named["document"]).read_text("utf-8")
    assert all(hunk in text for hunk in await states(client, change))


async def test_an_edit_of_a_part_leaves_the_others_and_is_taken_back(
    client: Client, made: tuple[Place, str]
) -> None:
    change = {"run": made[1], "task": "T1"}
    first, *_ = await states(client, change)
    lines = {first: [{"first": 2, "last": 2}, {"first": 5, "last": 5}]}
    await client.ask(
        "mis/hunk/mark",
        {"hunks": [first], "mark": "accepted", "lines": lines, "rest": "rejected"},
    )
    before = await states(client, change)
    got = await client.ask("mis/change/get", change)
    part = next(h for f in got["change"]["files"] for h in f["hunks"] if h["id"] == f"{first}.2")
    saved = part["diff"].replace("+B\n", "+B\n+beside\n")
    await client.ask("mis/hunk/edit", {"hunk": part["id"], "diff": saved})
    after = await states(client, change)
    assert sorted(after.values()) == ["accepted", "pending", "rejected", "rejected"]
    assert first not in {name.partition(".")[0] for name in after}
    await client.ask("mis/hunk/undo", change)
    assert await states(client, change) == before
    document = made[0].root / f".makeitso/review/{made[1]}-T1.diff"
    assert "+beside" not in document.read_text("utf-8")


async def test_what_a_closed_document_showed_is_not_new_the_next_time(
    client: Client, made: tuple[Place, str]
) -> None:
    change = {"run": made[1], "task": "T1"}
    path = made[0].root / (await client.ask("mis/change/get", change))["document"]
    uri = client.open(path, language="diff")
    first, second = await states(client, change)

    def looks() -> list[list[str]]:
        events = [p["event"] for name, p in client.told if name == "mis/run/event"]
        return [e["data"]["hunks"] for e in events if e["type"] == "review.looked"]

    client.close(uri)
    uri = client.open(path, language="diff")  # as editors do when a document's language changes
    titles = {a.title: a for a in await client.actions(uri, 0)}
    assert "Undo last mark" not in titles
    await client.ask("mis/hunk/mark", {"hunks": [first], "mark": "accepted"})
    titles = {a.title: a for a in await client.actions(uri, 0)}
    await client.command(titles["Undo last mark"].command)
    assert await states(client, change) == dict.fromkeys((first, second), "pending")
    assert not looks(), "it is open"
    client.close(uri)
    assert await client.until(looks, what="the look is recorded") == [[first, second]]
