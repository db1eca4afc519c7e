"""A task at its ceiling, in an editor: what is shown, and more that is given with a lens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from run_sample import CHECK

if TYPE_CHECKING:
    from lsp_client import Client, Place

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
  - budget: 500 tokens, 30 min
"""


async def task_of(client: Client, run: str) -> Any:
    return (await client.ask("mis/run/get", {"run": run}))["run"]["tasks"][0]


async def test_a_task_at_its_ceiling_is_shown_and_is_given_more(
    client: Client, place: Place
) -> None:
    path = place.file(".makeitso/plans/words.plan.md", PLAN)
    plan = client.open(path)
    command = (await client.lenses(plan))["Make it so"].command
    assert command is not None
    assert command.arguments is not None
    offered = cast("dict[str, Any]", command.arguments[0])
    params = {**offered, "yes": True, "policy": "delegate", "budgetMinutes": 60.0}
    run = (await client.ask("mis/run/start", params))["run"]["id"]

    async def asks() -> bool:
        return "Give 500 tokens more" in await client.lenses(plan)

    await client.until_asked(asks, what="the ceiling is asked about")
    lenses = await client.lenses(plan)
    assert "Give 250 tokens more" in lenses
    assert any(title.startswith("Deny a") for title in lenses)
    shown = next(
        title for title in lenses if title.startswith("State: waiting") and "/500 t" in title
    )
    assert "/30m" in shown
    task = await task_of(client, run)
    assert task["tokens"]["budget"] == 500
    assert task["tokens"]["used"] >= 500
    assert task["time"]["budgetMs"] == 1_800_000
    assert 0 < task["time"]["usedMs"] < 1_800_000
    assert (task["nearest"]["scope"], task["nearest"]["measure"]) == ("task", "tokens")
    view = (await client.ask("mis/run/get", {"run": run}))["run"]
    assert view["time"]["budgetMs"] == 3_600_000
    (asked,) = [
        a
        for a in (await client.ask("mis/run/get", {"run": run}))["approvals"]
        if a["kind"] == "budget"
    ]
    assert asked["ceiling"]["limit"] == 500

    said = f"{asked['id']} waits for you in {run}: budget: {asked['subject']}"
    await client.until(
        lambda: [m for m in client.messages if m.message == said], what="the person is called"
    )
    answer = {"id": asked["id"], "grant": True, "answer": "500k", "digest": asked["digest"]}
    decided = await client.ask("mis/approval/decide", answer)
    assert decided["approval"]["state"] == "granted"

    calls = [m.message for m in client.messages if " waits for you in " in m.message]
    assert calls == [said], "once, and not for what --yes answered"

    async def landed() -> bool:
        return (await task_of(client, run))["state"] == "landed"

    await client.until_asked(landed, what="the task landed")
    assert 'return "one"' in (place.root / "words.py").read_text()
    assert (await task_of(client, run))["tokens"]["budget"] > 500_000
