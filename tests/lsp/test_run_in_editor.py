"""A goal becomes a landed change in an editor: the real Codex, a scripted model, one server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from lsp_client import Client, Place, make_client, start, stop
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from run_sample import CODE, GOAL, KEY, sample, script

from makeitso.scripted import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.codex,
    pytest.mark.timeout(400),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with serve(script, key=KEY) as model:
        yield sample(tmp_path_factory.mktemp("run"), model.base_url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(place: Place) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, place)
    yield client
    assert await stop(client) == 0


async def test_a_goal_becomes_a_landed_change(client: Client, place: Place) -> None:
    made = await client.ask("mis/plan/create", {"goal": GOAL})
    assert made["problems"] == []
    plan_path = place.root / made["path"]
    plan = client.open(plan_path)
    code = client.open(place.root / "words.py", language="python")

    lenses = await client.lenses(plan)
    assert list(lenses) == ["Make it so", "Run"]
    started = await client.command(lenses["Make it so"].command)
    run = started["run"]["id"]

    await _say_yes_until_review(client, plan, run)
    change = await client.ask("mis/change/get", {"run": run, "task": "T1"})
    hunks = {
        hunk["diff"].split("\n+", 1)[1].split("\n")[0].strip(): hunk
        for file in change["change"]["files"]
        for hunk in file["hunks"]
    }
    assert len(hunks) == 3
    assert (place.root / "words.py").read_text() == CODE, "nothing lands before it is accepted"

    # What a person makes of a hunk lands instead of it.
    readme = next(hunk for hunk in hunks.values() if hunk["path"] == "README.md")
    edited = await client.ask(
        "mis/hunk/edit",
        {"hunk": readme["id"], "diff": readme["diff"].replace("In English.", "In plain English.")},
    )
    assert sorted(edited["hunks"].values()) == ["accepted", "pending", "pending"]
    assert readme["id"] not in edited["hunks"]
    with pytest.raises(JsonRpcException, match="no hunk"):
        await client.ask("mis/hunk/edit", {"hunk": "f" * 12, "diff": "@@ -1 +1 @@\n-a\n+b\n"})

    review = client.open(place.root / change["document"], language="diff")
    await _marks(client, review)

    # Two accepted hunks land together: one into the open document, one into a closed file.
    await client.until(lambda: _state(client, run, "T1") == "landed", what="the task landed")
    text = client.texts[code]
    assert 'return "one"' in text
    assert 'return "tres"' in text, "the rejected hunk stayed out"
    assert (place.root / "README.md").read_text() == "# Words\n\nIn plain English.\n"
    landing = next(e for e in client.edits if e.label and "is done" not in e.label)
    assert landing.edit.document_changes
    await client.until(lambda: "- [x] **T1**" in client.texts[plan], what="the box is ticked")
    await client.until(lambda: _state(client, run) == "done", what="the run is done")
    await client.until(lambda: not client.codes(plan), what="the ticked box stands on evidence")

    final = await client.ask("mis/run/get", {"run": run, "after": 0, "limit": 5000})
    assert final["run"]["state"] == "done"
    assert [e["seq"] for e in final["events"]] == sorted(e["seq"] for e in final["events"])
    assert {a["state"] for a in final["approvals"]} <= {"granted", "void"}
    told = [e["event"]["seq"] for name, e in client.told if name == "mis/run/event"]
    assert told == [e["seq"] for e in final["events"] if e["seq"] in set(told)]
    assert set(told) >= {e["seq"] for e in final["events"]}, "every event was told"
    assert KEY not in str(client.protocol.log)
    await _progress_went_by(client)
    await _nothing_is_decided_twice(client)
    await _the_hover_tells(client)
    await _the_landing_is_taken_back(client, place, plan=plan, code=code, review=review)


async def _say_yes_until_review(client: Client, plan: str, run: str) -> None:
    """Answer what is asked through the lenses of the plan, until the change is under review."""
    answered: set[str] = set()

    async def step() -> bool:
        asked = await client.ask("mis/approval/list", {"run": run})
        for approval in asked["approvals"]:
            if approval["kind"] == "change":
                return True
            if approval["id"] in answered:
                continue
            answered.add(approval["id"])
            await client.until(
                lambda: "awaiting-approval" in client.codes(plan), what="a diagnostic asks"
            )
            lenses = await client.lenses(plan)
            title = next(t for t in lenses if t.startswith(f"Approve {approval['id']}"))
            line = lenses[title].range.start.line
            twin = next(a for a in await client.actions(plan, line) if a.title == title)
            assert twin.kind == types.CodeActionKind.QuickFix
            assert twin.diagnostics
            await client.command(twin.command)
        assert _state(client, run) not in ("failed", "stopped")
        return False

    await client.until_asked(step, what="the change is under review")


async def _marks(client: Client, review: str) -> None:
    """Mark hunk by hunk in the review document: by lens, by twin, and take one back."""
    lines = client.texts[review].split("\n")
    wanted = {
        '+    return "one"': "Accept",
        '+    return "three"': "Reject",
    }
    for added, title in wanted.items():
        line = lines.index(added)
        titles = {a.title: a for a in await client.actions(review, line)}
        assert {"Accept all", "Reject all", "Accept", "Reject"} <= set(titles)
        if title == "Reject":
            # A mark can be taken back while another hunk is still open.
            await client.command(titles["Reject"].command)
            titles = {a.title: a for a in await client.actions(review, line)}
            assert "Reject" not in titles
            await client.command(titles["Take the mark back"].command)
            titles = {a.title: a for a in await client.actions(review, line)}
        await client.command(titles[title].command)


def _state(client: Client, run: str, task: str | None = None) -> str | None:
    """State of a run or task as the events tell it."""
    state: str | None = None
    for name, params in client.told:
        if name != "mis/run/event" or params["event"]["run"] != run:
            continue
        event = params["event"]
        ended = {"run.finished", "run.paused"} if task is None else {"task.ended"}
        if event["type"] in ended and (task is None or event["task"] == task):
            state = event["data"]["state"]
    return state


async def _progress_went_by(client: Client) -> None:
    def over() -> list[Any]:
        reports = [r for r in client.progress_reports.values() if r]
        return [r for r in reports if isinstance(r[-1], types.WorkDoneProgressEnd)]

    reports = await client.until(over, what="the progress ended")
    assert isinstance(reports[0][0], types.WorkDoneProgressBegin)
    assert reports[0][0].cancellable
    assert any(isinstance(r, types.WorkDoneProgressReport) for r in reports[0])
    assert client.refreshed, "lenses were asked for again"


async def _nothing_is_decided_twice(client: Client) -> None:
    listed = await client.ask("mis/approval/list", {"state": None})
    first = listed["approvals"][0]
    with pytest.raises(Exception, match="already"):
        await client.ask("mis/approval/decide", {"id": first["id"], "grant": False})
    changes = await client.ask("mis/change/list", {})
    assert changes["changes"][0]["hunks"] == {"landed": 2, "rejected": 1}
    hunks = await client.ask("mis/change/get", {"run": first["run"], "task": "T1"})
    landed = next(
        h["id"] for f in hunks["change"]["files"] for h in f["hunks"] if h["state"] == "landed"
    )
    with pytest.raises(Exception, match="landed"):
        await client.ask("mis/hunk/mark", {"hunks": [landed], "mark": "rejected"})


async def _the_hover_tells(client: Client) -> None:
    plan = next(uri for uri in client.texts if uri.endswith(".plan.md"))
    line = next(
        i for i, text in enumerate(client.texts[plan].split("\n")) if text.startswith("- [x]")
    )
    found = await client.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(plan), types.Position(line, 8))
    )
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert "State: landed" in found.contents.value
    assert "base red, proposal green" in found.contents.value
    assert "1 rejected" in found.contents.value


async def _the_landing_is_taken_back(
    client: Client, place: Place, *, plan: str, code: str, review: str
) -> None:
    """By its action: the open document through the editor, the closed file on the disk."""
    edits = len(client.edits)
    actions = {action.title: action for action in await client.actions(review, 0)}
    back = await client.command(actions["Undo last landing"].command)
    assert back["done"]["conflicts"] == {}
    assert sorted(back["done"]["files"]) == ["README.md", "words.py"]
    assert client.texts[code] == CODE
    made = [edit for edit in client.edits[edits:] if edit.label != "T1 was taken back"]
    assert len(made) == 1, "the editor can undo it, too"
    await client.until(lambda: "- [ ] **T1**" in client.texts[plan], what="the box is open again")
    assert "In plain English." not in (place.root / "README.md").read_text()
    changes = await client.ask("mis/change/list", {})
    assert changes["changes"][0]["hunks"] == {"pending": 2, "rejected": 1}
    with pytest.raises(JsonRpcException, match="nothing that landed is left"):
        await client.ask("mis/change/undo", {})
