"""Runs that are stopped, cancelled, cut off by the end of the server, and taken up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psutil
import pytest
import pytest_asyncio
from lsp_client import DEADLINE_S, Client, Place, make_client, start, stop
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from run_sample import CODE, GOAL, KEY, TEXT, hanging, sample, script

from makeitso.scripted import Answer, RequestView, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.codex,
    pytest.mark.timeout(400),
]


class Model:
    """A script that can be changed between tests."""

    def __init__(self) -> None:
        self.script: Callable[[RequestView], Answer] = hanging

    def __call__(self, view: RequestView) -> Answer:
        return self.script(view)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Iterator[Place]:
    with serve(model, key=KEY) as served:
        yield sample(tmp_path_factory.mktemp("cut"), served.base_url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(place: Place) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, place)
    yield client
    await stop(client)


def write_plan(place: Place, name: str) -> Path:
    return place.file(f".makeitso/plans/2026-11-22-{name}.plan.md", TEXT)


def events(client: Client, run: str, kind: str) -> list[dict[str, Any]]:
    return [
        params["event"]
        for name, params in client.told
        if name == "mis/run/event"
        and params["event"]["run"] == run
        and params["event"]["type"] == kind
    ]


def workers_of(client: Client) -> list[psutil.Process]:
    server = client._server  # pyright: ignore[reportPrivateUsage] -- whose children are wanted
    assert server is not None
    found = psutil.Process(server.pid).children(recursive=True)
    return [process for process in found if not _watches(process)]


def _watches(process: psutil.Process) -> bool:
    """Whether it is what ends the server's children when the server is killed; it works nothing."""
    try:
        return any(word.endswith("watcher.py") for word in process.cmdline())
    except psutil.NoSuchProcess:
        return False


async def begin(client: Client, path: Path) -> str:
    """Make it so, and wait until a worker thinks."""
    lenses = await client.lenses(path.as_uri())
    run = (await client.command(lenses["Make it so"].command))["run"]["id"]
    await client.until(lambda: events(client, run, "turn.started"), what="the worker is at work")
    return run


async def test_stop_ends_the_worker_and_can_be_resumed(
    client: Client, place: Place, model: Model
) -> None:
    model.script = hanging
    path = write_plan(place, "stop")
    uri = client.open(path)
    run = await begin(client, path)
    assert workers_of(client)
    lenses = await client.lenses(uri)
    assert "Make it so" not in lenses
    stopping = await client.command(lenses["Stop"].command)
    assert stopping["run"]["reason"].startswith("stopping: ")
    paused = await client.until(lambda: events(client, run, "run.paused"), what="it stands still")
    assert paused[-1]["data"]["state"] == "stopped"
    await client.until(lambda: not workers_of(client), what="no worker is left")
    await client.until(lambda: "run-stands-still" in client.codes(uri), what="a diagnostic")
    lenses = await client.lenses(uri)
    assert {"Resume"} <= set(lenses)
    assert "Stop" not in lenses

    # Taken up again, its progress is cancelled by the client: the same as to stop it.
    turns = len(events(client, run, "turn.started"))
    resumed = await client.command(lenses["Resume"].command)
    assert (resumed["run"]["state"], resumed["run"]["reason"]) == ("running", "")
    with pytest.raises(Exception, match="under way already"):
        await client.ask("mis/run/resume", {"run": run})
    await client.until(
        lambda: len(events(client, run, "turn.started")) > turns, what="at work again"
    )
    token = await client.until(
        lambda: next(
            (
                token
                for token, reports in client.progress_reports.items()
                if f"/{run}/" in str(token)
                and reports
                and not isinstance(reports[-1], types.WorkDoneProgressEnd)
            ),
            None,
        ),
        what="a progress is shown",
    )
    client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
    await client.until(
        lambda: isinstance(client.progress_reports[token][-1], types.WorkDoneProgressEnd),
        what="the progress ended",
    )
    await client.until(lambda: not workers_of(client), what="no worker is left")
    seen = await client.ask("mis/run/get", {"run": run})
    assert seen["run"]["state"] == "stopped"
    client.close(uri)


async def test_an_edit_the_client_refuses_lands_nothing(
    client: Client, place: Place, model: Model
) -> None:
    model.script = script
    path = write_plan(place, "refuse")
    client.open(path)
    code = client.open(place.root / "words.py", language="python")
    answers: list[Any] = [
        types.ApplyWorkspaceEditResult(applied=False),
        JsonRpcException("User cancelled server edit", code=32603),
    ]

    def refuse() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    client.refuse_edits = refuse
    lenses = await client.lenses(path.as_uri())
    run = (await client.command(lenses["Make it so"].command))["run"]["id"]

    async def review() -> bool:
        asked = await client.ask("mis/approval/list", {"run": run})
        for approval in asked["approvals"]:
            if approval["kind"] == "change":
                return True
            await client.ask("mis/approval/decide", {"id": approval["id"], "grant": True})
        return False

    await client.until_asked(review, what="the change is under review")
    change = await client.ask("mis/change/get", {"run": run, "task": "T1"})
    ids = [h["id"] for f in change["change"]["files"] for h in f["hunks"]]
    await client.ask("mis/hunk/mark", {"hunks": ids, "mark": "accepted"})
    ended = await client.until(
        lambda: events(client, run, "landing.ended"), what="the landing ended"
    )
    assert ended[0]["data"]["error"] or not ended[0]["data"]["landing"]["landed"]
    assert client.texts[code] == CODE
    assert (place.root / "words.py").read_text() == CODE
    assert (place.root / "README.md").read_text() == "# Words\n", "all of it, or nothing"
    client.refuse_edits = None
    client.close(code)
    await client.ask("mis/run/stop", {"run": run})
    client.close(path.as_uri())
    model.script = hanging


async def test_the_end_of_the_server_puts_runs_down(
    tmp_path_factory: pytest.TempPathFactory, model: Model
) -> None:
    model.script = hanging
    with serve(model, key=KEY) as served:
        place = sample(tmp_path_factory.mktemp("end"), served.base_url)
        path = write_plan(place, "end")
        first = make_client()
        await start(first, place)
        first.open(path)
        run = await begin(first, path)
        left = workers_of(first)
        assert left
        shown = place.root / ".makeitso/editors"
        code = first.open(place.root / "words.py", language="python")
        first.change(code, "unsaved")
        await first.until(
            lambda: (
                '"words.py","dirty":true' in "".join(f.read_text() for f in shown.glob("*.json"))
            ),
            what="others can see what is unsaved here",
        )
        assert await stop(first) == 0
        _, alive = psutil.wait_procs(left, timeout=DEADLINE_S)
        assert not alive, "workers outlived the server"
        assert not [*shown.iterdir()], "what was published is taken back"

        # Another editor offers to go on, and starts nothing by itself.
        second = make_client()
        await start(second, place)
        uri = second.open(path)
        await second.until(lambda: second.messages, what="an offer")
        assert run in second.messages[0].message
        assert second.messages[0].type == types.MessageType.Info
        await second.until(lambda: "run-stands-still" in second.codes(uri), what="a diagnostic")
        assert not workers_of(second)
        seen = await second.ask("mis/run/get", {"run": run, "after": 0})
        assert seen["run"]["state"] == "stopped"
        assert seen["events"][-1]["type"] == "run.paused"
        await second.command((await second.lenses(uri))["Resume"].command)
        await second.until(lambda: events(second, run, "run.resumed"), what="it goes on")
        await second.until(lambda: workers_of(second), what="a worker again")
        assert await stop(second) == 0


async def test_two_editors_and_two_runs(
    tmp_path_factory: pytest.TempPathFactory, model: Model
) -> None:
    model.script = hanging
    with serve(model, key=KEY) as served:
        place = sample(tmp_path_factory.mktemp("two"), served.base_url)
        path, other_path = write_plan(place, "one"), write_plan(place, "other")
        first, second = make_client(), make_client()
        await start(first, place)
        uri = first.open(path)
        run = (await first.command((await first.lenses(uri))["Run"].command))["run"]["id"]
        await first.until(lambda: "awaiting-approval" in first.codes(uri), what="it asks")

        # The second editor sees the question of the first one's run, and answers it there.
        await start(second, place)
        second.open(path)
        other = second.open(other_path)
        await second.until(lambda: "awaiting-approval" in second.codes(uri), what="it asks here")
        make_it_so = (await second.lenses(other))["Make it so"].command
        with pytest.raises(Exception, match="already working in this workspace"):
            await second.command(make_it_so)
        await second.command((await second.lenses(uri))["Approve plan"].command)
        await first.until(lambda: events(first, run, "turn.started"), what="the first goes on")
        assert not workers_of(second)
        told = await second.until(lambda: events(second, run, "turn.started"), what="both know")
        assert told[0]["client"] == "lsp"

        # The first editor drives a second run beside it; both end with it, the lock too.
        first.open(other_path)
        beside = await begin(first, other_path)
        assert beside != run
        seen = await second.ask("mis/run/list", {})
        assert {view["id"]: view["state"] for view in seen["runs"]}[run] == "running"
        for one in (run, beside):
            await second.ask("mis/run/stop", {"run": one})
        for one in (run, beside):
            await first.until(lambda: events(first, one, "run.paused"), what="stopped")  # noqa: B023
        await first.until(lambda: not workers_of(first), what="no worker is left")
        await second.until_asked(lambda: _resumed(second, run), what="the second may drive it now")
        assert await stop(first) == 0
        assert await stop(second) == 0


async def _resumed(client: Client, run: str) -> bool:
    try:
        await client.ask("mis/run/resume", {"run": run})
    except JsonRpcException:
        return False
    return True


async def test_questions_as_messages_only_for_those_who_want_them(
    tmp_path_factory: pytest.TempPathFactory, model: Model
) -> None:
    model.script = hanging
    with serve(model, key=KEY) as served:
        place = sample(tmp_path_factory.mktemp("ask"), served.base_url)
        path = write_plan(place, "ask")
        client = make_client()
        asked: list[types.ShowMessageRequestParams] = []

        def _answer(params: types.ShowMessageRequestParams) -> types.MessageActionItem:
            asked.append(params)
            return types.MessageActionItem(title="Deny")

        client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)(_answer)
        await start(client, place, options={"ask": True})
        client.open(path)
        lenses = await client.lenses(path.as_uri())
        run = (await client.command(lenses["Run"].command))["run"]["id"]
        finished = await client.until(
            lambda: events(client, run, "run.finished"), what="the plan was denied"
        )
        assert finished[0]["data"]["state"] == "stopped"
        assert [a.title for a in asked[0].actions or []] == ["Approve", "Deny"]
        assert GOAL in asked[0].message
        assert await stop(client) == 0
