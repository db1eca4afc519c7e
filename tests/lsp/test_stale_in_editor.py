"""A task whose ground is turned down, in an editor: what is accepted of it is said not to land."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lsp_client import Place, make_client, start, stop
from lsprotocol import types
from proposed_place import proposed_place

from makeitso.protocol import events as ev
from makeitso.wiring import Bridge

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.timeout(200)]


def build_on(place: Place, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let T2 be built on what T1 proposes."""
    for name, value in place.env.items():
        monkeypatch.setenv(name, value)
    bridge = Bridge(place.root, client="test", bare=True)
    base = bridge.book.run(run).tasks["T2"].base
    assert base is not None
    below = ev.BuiltOn(task="T1", hunks=tuple(bridge.book.run(run).tasks["T1"].hunks))
    bridge.journal.append(ev.TaskStarted(), actor="engine", run=run, task="T2")
    bridge.journal.append(
        ev.SnapshotTaken(name="base", tree=base.tree, commit=base.commit, ref="r", on=(below,)),
        actor="engine",
        run=run,
        task="T2",
    )
    bridge.close()


async def test_accepting_what_is_stale_is_answered_shown_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, run = proposed_place(
        tmp_path,
        {"n.txt": b"a\nb\n", "z.txt": b"last\n"},
        tasks={"T1": {"n.txt": b"A\nb\n"}, "T2": {"z.txt": b"last\nmore\n"}},
    )
    build_on(place, run, monkeypatch)
    client = make_client()
    await start(client, place)
    hunks: dict[str, str] = {}
    for task in ("T1", "T2"):
        got = await client.ask("mis/change/get", {"run": run, "task": task})
        (hunks[task],) = [h["id"] for f in got["change"]["files"] for h in f["hunks"]]
        assert got["stale"] == ""
    rejected = await client.ask("mis/hunk/mark", {"hunks": [hunks["T1"]], "mark": "rejected"})
    assert rejected["stale"] == []
    uri = client.open(place.root / f".makeitso/review/{run}-T2.diff", language="diff")

    async def stale() -> list[str]:
        return [t for t in await client.lenses(uri) if t.startswith("State: T2 is stale: hunk")]

    await client.until_asked(stale, what="a lens says so")
    marked: Any = await client.run("mis.hunk.mark", {"hunks": [hunks["T2"]], "mark": "accepted"})
    assert marked["hunks"] == {hunks["T2"]: "accepted"}
    (line,) = marked["stale"]
    assert line.startswith("T2 is stale: hunk")
    assert line.endswith("nothing of it lands until you are asked and have answered")
    await client.until(lambda: line in [m.message for m in client.messages], what="a message")
    got = await client.ask("mis/change/get", {"run": run, "task": "T2"})
    assert got["stale"] == line
    text = (place.root / f".makeitso/review/{run}-T2.diff").read_text().split("\n")
    at = next(n for n, shown in enumerate(text) if hunks["T2"] in shown)
    hover = await client.text_document_hover_async(
        types.HoverParams(
            text_document=types.TextDocumentIdentifier(uri=uri),
            position=types.Position(line=at, character=0),
        )
    )
    assert hover is not None
    assert line in str(hover.contents)
    assert await stop(client) == 0
