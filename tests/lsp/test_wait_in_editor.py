"""A task that waits, in an editor: what is shown, and “Go on now”."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from run_sample import CHECK

if TYPE_CHECKING:
    from lsp_client import Client, Place

    from makeitso.scripted import ScriptedServer

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.codex,
    pytest.mark.timeout(300),
]

PLAN = f"""# Words are English

words.py speaks English; its tests pass.

- [ ] **T1** Translate words.py
  - files: `words.py`, `README.md`
  - done when: `{CHECK}`
  - wait: until 2099-01-01T00:00Z
"""


async def view_of(client: Client, run: str) -> Any:
    return (await client.ask("mis/run/get", {"run": run}))["run"]


async def test_a_waiting_task_is_shown_and_goes_on_when_a_person_says_so(
    client: Client, place: Place, model: ScriptedServer
) -> None:
    path = place.file(".makeitso/plans/words.plan.md", PLAN)
    plan = client.open(path)
    command = (await client.lenses(plan))["Make it so"].command
    assert command is not None
    assert command.arguments is not None
    offered = cast("dict[str, Any]", command.arguments[0])
    params = {**offered, "yes": True, "policy": "delegate"}
    run = (await client.ask("mis/run/start", params))["run"]["id"]

    async def waits() -> bool:
        return "Go on now" in await client.lenses(plan)

    await client.until_asked(waits, what="the task waits")
    view = await view_of(client, run)
    task = view["tasks"][0]
    assert (view["state"], task["state"]) == ("waiting", "waiting")
    assert task["reason"].startswith("waits until 2098-12-31 ") or task["reason"].startswith(
        "waits until 2099-01-01 "
    )
    assert task["wait"]["by"] == "plan"
    assert task["wait"]["until"] == 4_070_908_800_000
    lenses = await client.lenses(plan)
    assert any("waiting (waits until 20" in title for title in lenses)
    hover = await client.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(plan), types.Position(4, 9))
    )
    assert "It waits until 20" in str(hover)
    assert " left." in str(hover)
    twins = [action.title for action in await client.actions(plan, 4)]
    assert "Go on now" in twins
    assert model.views == (), "something was spent while waiting"

    with pytest.raises(JsonRpcException, match="has no task"):
        await client.ask("mis/wait/skip", {"run": run, "task": "T9"})
    skipped = await client.command(lenses["Go on now"].command)
    assert skipped["run"]["tasks"][0]["wait"] is None

    async def landed() -> bool:
        return (await view_of(client, run))["tasks"][0]["state"] == "landed"

    await client.until_asked(landed, what="the task landed")
    assert 'return "one"' in (place.root / "words.py").read_text()
    assert "Go on now" not in await client.lenses(plan)
    with pytest.raises(JsonRpcException, match="does not wait"):
        await client.ask("mis/wait/skip", {"run": run})
    told = [e["event"]["type"] for name, e in client.told if name == "mis/run/event"]
    assert [kind for kind in told if kind.startswith("wait.")] == ["wait.started", "wait.ended"]
