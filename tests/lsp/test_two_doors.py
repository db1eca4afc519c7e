"""The same marks, drawn by lot, through `mis review` and through an editor's requests."""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from anyio import to_thread
from lsp_client import Client, Place, make_client, start, stop
from pygls.exceptions import JsonRpcException

import git_sandbox
from cli.mis_process import Mis
from landing.flavours import PLAIN, proposal, repository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.timeout(400)]

STEPS = 10
LAST = "fresh/empty.txt"
"""Marked last: with it everything is settled, and lands."""
Hunks = list[dict[str, Any]]


@dataclass(frozen=True)
class Doors:
    """One repository twice: at a terminal, and in an editor."""

    mis: Mis
    place: Place

    def files(self, root: Path) -> dict[str, tuple[bool, bytes]]:
        return {
            path.relative_to(root).as_posix(): (os.access(path, os.X_OK), path.read_bytes())
            for path in sorted(root.rglob("*"))
            if path.is_file() and path.relative_to(root).parts[0] not in (".git", ".makeitso")
        }


@pytest.fixture
def doors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doors:
    for name, value in git_sandbox.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    here = repository(tmp_path / "editor" / "work", PLAIN)
    here.box.git("rm", "-q", "--cached", "way", "sub")
    (here.root / "way").unlink()
    (here.root / "sub").rmdir()
    here.box.git("commit", "-q", "--amend", "-m", "begin")
    tree = here.change(proposal(PLAIN), executable="empty.txt").tree
    commit = here.box.text("commit-tree", tree, "-p", "HEAD", "-m", "All kinds of changes")
    here.box.git("branch", "speed", commit)
    shutil.copytree(tmp_path / "editor", tmp_path / "terminal")
    homes = [tmp_path / "editor home", tmp_path / "terminal home"]
    for home in homes:
        home.mkdir()
    return Doors(
        Mis(homes[1], tmp_path / "terminal" / "work", dict(git_sandbox.ENVIRONMENT)),
        Place(here.root, homes[0], dict(git_sandbox.ENVIRONMENT)),
    )


@pytest_asyncio.fixture(loop_scope="function")
async def client(doors: Doors) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, doors.place)
    yield client
    assert await stop(client) == 0


def drawn(dice: random.Random, hunks: Hunks) -> tuple[list[str], str, dict[str, Any]]:
    """One thing a person does: words for `mis review`, and a request with what it says."""
    able = [hunk for hunk in hunks if hunk["path"] != LAST]
    one = dice.choice([hunk for hunk in able if hunk["kind"] == "text"])
    lines = one["diff"].removesuffix("\n").split("\n")[1:]
    changed = [n for n, line in enumerate(lines, start=1) if line[:1] in ("+", "-")] or [1]
    parts = [hunk["id"] for hunk in able if "." in hunk["id"]]
    kinds = ["mark", "mark", "mark", "lines", "lines", "lines", "split", "at", "undo"]
    match dice.choice([*kinds, *(["join"] if parts else [])]):
        case "mark":
            names = [hunk["id"] for hunk in dice.sample(able, min(len(able), 3))]
            mark = dice.choice(["accepted", "rejected", "pending"])
            word = {"accepted": "accept", "rejected": "reject", "pending": "reopen"}[mark]
            return [word, *names], "mis/hunk/mark", {"hunks": names, "mark": mark}
        case "lines":
            first = dice.choice(changed)
            last = dice.randint(first, len(lines) or 1)
            asked = {"hunks": [one["id"]], "mark": "accepted"}
            only = {one["id"]: [{"first": first, "last": last}]}
            words = ["accept", "--reject-rest", f"{one['id']}:{first}-{last}"]
            return words, "mis/hunk/mark", {**asked, "lines": only, "rest": "rejected"}
        case "split":
            return ["split", one["id"]], "mis/hunk/split", {"hunk": one["id"]}
        case "at":
            at = dice.choice(changed)
            asked = {"hunk": one["id"], "at": at}
            return ["split", one["id"], "--at", f"{at}"], "mis/hunk/split", asked
        case "join":
            name = dice.choice(parts)
            return ["join", name], "mis/hunk/join", {"hunk": name}
        case _:
            return ["unmark"], "mis/hunk/undo", {}


async def test_what_is_done_at_a_terminal_and_in_an_editor_is_the_same(
    client: Client, doors: Doors
) -> None:
    async def terminal(*args: str) -> tuple[int, str]:
        ended = await to_thread.run_sync(lambda: doors.mis("review", *args))
        return ended.code, ended.out + ended.err

    async def refusal(method: str, params: dict[str, Any]) -> str:
        try:
            await client.ask(method, params)
        except JsonRpcException as error:
            return error.message
        return ""

    async def hunks() -> Hunks:
        got = await client.ask("mis/change/get", change)
        return [h for f in got["change"]["files"] for h in f["hunks"]]

    opened = await client.ask("mis/review/open", {"from": "speed"})
    change = {"run": opened["run"], "task": opened["task"]}
    assert (await terminal("open", "speed"))[0] == 0
    dice, refused, before = random.Random(5), 0, doors.files(doors.place.root)
    for _ in range(STEPS):
        words, method, params = drawn(dice, await hunks())
        code, said = await terminal(*words)
        why = await refusal(method, params)
        assert (code == 0) == (why == ""), (words, code, said, why)
        assert why.rstrip(".") in said
        refused += bool(why)
    listed = await terminal("--json")
    rows = {row["id"]: row["state"] for row in json.loads(listed[1])}
    assert rows == {h["id"]: h["state"] for h in await hunks()}
    assert refused < STEPS / 2
    assert {"accepted", "rejected", "pending"} <= set(rows.values())
    assert any("." in name for name in rows), "no hunk stands as its parts"
    assert doors.files(doors.place.root) == doors.files(doors.mis.work) == before

    rest = [hunk["id"] for hunk in await hunks() if hunk["state"] == "pending"]
    half = [name for name in rest if dice.random() < 0.5]
    left = [name for name in rest if name not in half]
    for word, mark, names in (("reject", "rejected", half), ("accept", "accepted", left)):
        assert (await terminal(word, *names))[0] in (0, 3)
        await client.ask("mis/hunk/mark", {"hunks": names, "mark": mark})

    async def settled() -> bool:
        return {hunk["state"] for hunk in await hunks()} == {"landed", "rejected"}

    await client.until_asked(settled, what="all that was accepted has landed")
    landed = doors.files(doors.place.root)
    assert landed == doors.files(doors.mis.work)
    assert landed != before
    code, listed_after = await terminal("--json")
    assert code == 0
    assert {row["id"]: row["state"] for row in json.loads(listed_after)} == {
        hunk["id"]: hunk["state"] for hunk in await hunks()
    }
