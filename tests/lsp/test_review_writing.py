"""Review documents after marks in an editor: written soon, never under hands; a live server."""

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
TASKS = ("T1", "T2")


@pytest.fixture
def made(tmp_path: Path) -> tuple[Place, str]:
    return proposed_place(
        tmp_path,
        {"a.txt": b"a\n", "b.txt": b"b\n"},
        tasks={"T1": {"a.txt": b"A\n"}, "T2": {"b.txt": b"B\n"}},
    )


@pytest_asyncio.fixture(loop_scope="function")
async def client(made: tuple[Place, str]) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, made[0])
    yield client
    assert await stop(client) == 0


async def opened(client: Client, run: str, task: str) -> tuple[str, str]:
    """The review document of a task, and its only hunk."""
    got = await client.ask("mis/change/get", {"run": run, "task": task})
    return got["document"], got["change"]["files"][0]["hunks"][0]["id"]


async def mark(client: Client, hunk: str, to: str) -> None:
    marked = await client.ask("mis/hunk/mark", {"hunks": [hunk], "mark": to})
    assert list(marked["hunks"].values()) == [to]


async def says(client: Client, path: Path, state: str, hunk: str) -> None:
    await client.until(lambda: f"[{state} {hunk}" in path.read_text(), what=f"it says {state}")


async def test_nothing_is_put_under_the_hands_of_who_types(
    client: Client, made: tuple[Place, str]
) -> None:
    place, run = made
    names = [await opened(client, run, task) for task in TASKS]
    (mine, first), (other, second) = [(place.root / name, hunk) for name, hunk in names]
    uri = client.open(mine, language="diff")
    await mark(client, first, "rejected")
    await says(client, mine, "rejected", first)
    client.change(uri, mine.read_text())  # the editor reads it anew: that is no typing
    await mark(client, first, "pending")
    await says(client, mine, "pending", first)

    client.change(uri, mine.read_text())
    written = mine.read_bytes()
    typed = client.texts[uri].replace("+A\n", "+A\n# > why?\n")
    client.change(uri, typed)
    await mark(client, first, "rejected")
    await mark(client, second, "rejected")
    await says(client, other, "rejected", second)  # it was due later, and is there
    assert mine.read_bytes() == written, "the editor has unsaved changes to it"
    client.change(uri, written.decode())  # taken back: nothing is unsaved any more
    await says(client, mine, "rejected", first)
    client.close(uri)


async def test_what_is_due_at_the_end_is_written(made: tuple[Place, str]) -> None:
    place, run = made
    client = make_client()
    await start(client, place)
    name, hunk = await opened(client, run, "T1")
    await mark(client, hunk, "rejected")
    assert await stop(client) == 0
    assert f"[rejected {hunk}" in (place.root / name).read_text()
