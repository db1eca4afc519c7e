"""A remark saved in a review reaches the worker's prompt; what is accepted is checked, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from run_sample import TEXT

if TYPE_CHECKING:
    from lsp_client import Client, Place

    from makeitso.scripted import ScriptedServer

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.codex,
    pytest.mark.timeout(400),
]


def progress(client: Client) -> list[tuple[Any, list[Any]]]:
    found = client.progress_reports.items()
    return [(token, reports) for token, reports in found if "mis/change/check" in str(token)]


async def test_remarks_checks_and_rounds(
    client: Client, place: Place, model: ScriptedServer
) -> None:
    slow = place.home / "slow"
    text = f"{TEXT}  - done when: `test ! -e '{slow}' || sleep 60`\n"
    plan = client.open(place.file(".makeitso/plans/words.plan.md", text))
    command = (await client.lenses(plan))["Make it so"].command
    assert command is not None
    assert command.arguments is not None
    offered = cast("dict[str, Any]", command.arguments[0])
    params = {**offered, "yes": True, "policy": "delegate", "haltOn": ["write_files"]}
    run = (await client.ask("mis/run/start", params))["run"]["id"]
    change = {"run": run, "task": "T1"}

    async def proposed() -> bool:
        asked = await client.ask("mis/approval/list", {"run": run})
        return any(a["kind"] == "change" for a in asked["approvals"])

    await client.until_asked(proposed, what="the change is under review")
    got = await client.ask("mis/change/get", change)
    path = place.root / got["document"]
    doc = client.open(path, language="diff")
    added = '+    return "one"\n'
    client.change(doc, client.texts[doc].replace(added, f"{added}# > say it in French\n"))
    path.write_text(client.texts[doc], "utf-8")
    client.text_document_did_save(
        types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(doc))
    )

    async def said() -> Any:
        return (await client.ask("mis/comment/list", change))["comments"]

    (comment,) = await client.until_asked(said, what="the remark is a comment")
    assert (comment["quote"], comment["path"]) == (added.rstrip(), "words.py")
    assert comment["line"] == 5
    with pytest.raises(JsonRpcException, match="are not there"):
        await client.ask(
            "mis/change/comment", {**change, "text": "x", "hunk": comment["hunk"], "lines": "99"}
        )

    # What is accepted is checked, which is shown and can be cancelled.
    hunk = comment["hunk"]
    await client.ask("mis/hunk/mark", {"hunks": [hunk], "mark": "accepted"})
    slow.touch()
    asking = client.protocol.send_request("mis/change/check", change)
    token, reports = await client.until(
        lambda: next(iter(progress(client)), None), what="it is shown"
    )
    await client.until(lambda: reports, what="it began")
    assert isinstance(reports[0], types.WorkDoneProgressBegin)
    assert reports[0].cancellable
    await client.until(
        lambda: any("2 of 2" in str(getattr(r, "message", "")) for r in reports), what="the second"
    )
    client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token=token))
    await client.until(asking.done, what="it is over")
    assert getattr(asking.exception(), "code", None) == types.LSPErrorCodes.RequestCancelled
    assert isinstance(reports[-1], types.WorkDoneProgressEnd)
    slow.unlink()
    green = await client.ask("mis/change/check", change)
    assert (green["passed"], green["hunks"]) == (True, [hunk])

    # It goes back: the worker is told the line.
    await client.ask("mis/hunk/mark", {"hunks": [hunk], "mark": "pending"})
    title = "Send 1 comment to the worker"
    action = next(a for a in await client.actions(doc, 0) if a.title == title)
    back = await client.command(action.command)
    assert [c["id"] for c in back["comments"]] == [comment["id"]]
    told = await client.until(
        lambda: next(
            (v.last_user_text for v in model.views if "reviewed your change" in v.last_user_text),
            None,
        ),
        what="the worker is told",
    )
    assert "words.py:5: say it in French" in told
    assert f"    {added}" in told
    await client.ask("mis/run/stop", {"run": run})
