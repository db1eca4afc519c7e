"""A run that an outage puts down calls the person in an editor, with the way out the editor has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lsp_client import make_client, start, stop
from lsprotocol import types
from run_sample import KEY, TEXT, sample

from makeitso.scripted import Answer, RequestView, serve

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.asyncio(loop_scope="function"),
    pytest.mark.codex,
    pytest.mark.timeout(300),
]


def refusing(view: RequestView) -> Answer:
    del view
    return Answer(status=401, error="Incorrect API key provided.")


async def test_the_person_is_called_and_the_plan_says_how_it_goes_on(tmp_path: Path) -> None:
    with serve(refusing, key=KEY) as served:
        place = sample(tmp_path, served.base_url)
        path = place.file(".makeitso/plans/2026-11-22-outage.plan.md", TEXT)
        client = make_client()
        await start(client, place)
        uri = client.open(path)
        lenses = await client.lenses(uri)
        run = (await client.command(lenses["Make it so"].command))["run"]["id"]

        def calls() -> list[str]:
            found = [m for m in client.messages if m.type == types.MessageType.Error]
            return [m.message for m in found if m.message.startswith(f"{run}: ")]

        await client.until(calls, what="a message")
        (said,) = calls()
        assert "`mis " not in said
        await client.until(lambda: "run-stands-still" in client.codes(uri), what="a diagnostic")
        (still,) = [d for d in client.diagnostics[uri] if d.code == "run-stands-still"]
        assert str(still.message).count("“Resume”") == 1
        assert "mis resume" not in str(still.message)
        assert await stop(client) == 0
