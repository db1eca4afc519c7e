"""Proposals in an editor: asked for at a miss, decided in their document or in the library."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from lsp_client import Client, Place, make_client, make_place, showing, start, stop
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from makeitso.protocol.proposal import GateFinding, PatternEntry, Proposal, Support
from makeitso.store.proposals import write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.asyncio(loop_scope="function")

LIBRARY = ".makeitso/protocol/regexes.toml"
LOG = ".makeitso/artifacts/r20261122-1/T1/output/stdout.log"
OWN = """# Ours
[[pattern]]
name = "mill_on"
intent = "ignore"
regex = '^the mill is on$'
examples = ["the mill is on"]
"""
MILL = r"^mill: (?P<path>[^\s:]+):(?P<line>[0-9]+): (?P<message>.+)$"
WAITS = "proposal-waits"


def _proposal(name: str, *, title: str = "Lines of the mill", **over: object) -> Proposal:
    found = Proposal(
        id=name,
        kind="pattern",
        title=title,
        rationale="It says so.",
        proposer="offline",
        created_at="2026-11-22T10:00:00Z",
        library="ab",
        pattern=PatternEntry(
            name=name.replace("-", "_"),
            intent="diagnostic",
            regex=MILL,
            examples=("mill: a.mil:3: no stone",),
            counter_examples=("mill: on",),
        ),
        support=Support(lines=7, runs=("r1", "r2")),
        gate=(GateFinding(rule="lint", passed=True, detail="nothing to say"),),
    )
    return found.model_copy(update=over)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A workspace of its own, for each test decides something in it."""
    found = make_place(tmp_path)
    found.file(LIBRARY, OWN)
    found.file(LOG, "mill: a.mil:3: no stone\nmill: b.mil:14: no water here\n")
    write(found.root / ".makeitso/proposals", _proposal("mill-lines"))
    return found


@pytest_asyncio.fixture(loop_scope="function")
async def client(place: Place) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, place)
    yield client
    assert await stop(client) == 0


async def _trust(client: Client) -> None:
    files = (await client.ask("mis/trust/get", {}))["files"]
    digests = {file["path"]: file["digest"] for file in files}
    await client.ask("mis/trust/set", {"trusted": True, "digests": digests})


async def _log_with_misses(client: Client, place: Place) -> str:
    """The library is agreed to, and the log is open: its lines are those nothing explains."""
    await _trust(client)
    log = client.open(place.root / LOG, language="log")
    await client.until(lambda: client.codes(log) == {"miss-new"}, what="the misses")
    return log


async def _watching(client: Client, place: Place, name: str) -> str:
    """The document of a proposal that the server knows: from now on it tells what is new."""
    uri = client.open(place.root / f".makeitso/proposals/{name}.toml", language="toml")
    await client.until(lambda: _of(client, uri, WAITS), what="that it waits")
    return uri


def _of(client: Client, uri: str, code: str) -> list[str]:
    return [str(d.message) for d in client.diagnostics.get(uri, []) if d.code == code]


def _approve(place: Place, name: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "makeitso", "approve", name],
        cwd=place.root, env=place.env, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr


def _changed(client: Client, name: str) -> bool:
    return ("mis/proposal/changed", {"id": name}) in client.told


async def test_a_proposal_says_that_it_waits_what_it_rests_on_and_what_is_wrong_in_it(
    client: Client, place: Place
) -> None:
    uri = await _watching(client, place, "mill-lines")
    (said,) = _of(client, uri, WAITS)
    assert said == ("Proposal mill-lines waits for you: a new pattern mill_lines for 7 lines.")
    lenses = await client.lenses(uri)
    assert list(lenses) == ["Approve", "Deny"]
    offered = {action.title: action for action in await client.actions(uri, 3)}
    assert {"Approve", "Deny"} <= set(offered)
    assert [str(d.code) for d in offered["Approve"].diagnostics or []] == [WAITS]
    hovered = await client.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(0, 0))
    )
    assert hovered is not None
    assert isinstance(hovered.contents, types.MarkupContent)
    assert "Made from 7 lines of 2 runs" in hovered.contents.value

    # What is wrong in it is said where it is.
    kept = client.texts[uri]
    line = next(n for n, text in enumerate(kept.split("\n")) if text.startswith("proposer"))
    client.change(uri, kept.replace('proposer = "offline"', 'proposer = "nobody"'))
    await client.until(lambda: _of(client, uri, "proposal-broken"), what="what is wrong")
    (found,) = [d for d in client.diagnostics[uri] if d.code == "proposal-broken"]
    assert found.range.start.line == line
    assert await client.lenses(uri) == {}, "what is not saved is not decided about"
    with pytest.raises(JsonRpcException, match="unsaved changes"):
        await client.ask("mis/proposal/decide", {"id": "mill-lines", "grant": True})
    client.change(uri, kept)
    await client.until(lambda: not _of(client, uri, "proposal-broken"), what="it is mended")


async def test_it_is_told_of_in_the_library_let_in_there_and_taken_back_from_its_document(
    client: Client, place: Place
) -> None:
    log = await _log_with_misses(client, place)
    uri = client.open(place.root / LIBRARY, language="toml")
    await client.until(lambda: _of(client, uri, WAITS), what="that one waits")
    lenses = await client.lenses(uri)
    assert list(lenses) == ["Approve mill-lines", "Deny mill-lines", "Learn from the latest runs"]
    client.told.clear()
    decided = await client.command(lenses["Approve mill-lines"].command)
    assert decided["item"]["state"] == "applied"
    text = (place.root / LIBRARY).read_text("utf-8")
    assert text.startswith(OWN)
    assert 'name = "mill_lines"' in text
    await client.until(lambda: _changed(client, "mill-lines"), what="it is told")
    client.change(uri, text)
    await client.until(lambda: not _of(client, uri, WAITS), what="nothing waits")
    await client.until(lambda: client.codes(log) == set(), what="the log is explained")

    # It is taken back from its document.
    document = client.open(place.root / ".makeitso/proposals/mill-lines.toml", language="toml")

    async def offered() -> types.CodeLens | None:
        return (await client.lenses(document)).get("Take back")

    lens = await client.until_asked(offered, what="the lens")
    taken = await client.command(lens.command)
    assert (taken["exact"], taken["item"]["state"]) == (True, "rolled-back")
    assert (place.root / LIBRARY).read_text("utf-8") == OWN
    await client.until(lambda: client.codes(log) == {"miss-new"}, what="the misses are back")


async def test_what_another_process_proposes_is_told(client: Client, place: Place) -> None:
    await _trust(client)
    await _watching(client, place, "mill-lines")
    client.told.clear()
    write(place.root / ".makeitso/proposals", _proposal("mill-others"))
    await client.until(lambda: _changed(client, "mill-others"), what="the new one")
    failed = GateFinding(rule="support", passed=False, detail="1 run, at least 2 are needed")
    write(place.root / ".makeitso/proposals", _proposal("mill-others", gate=(failed,)))
    uri = client.open(place.root / ".makeitso/proposals/mill-others.toml", language="toml")
    await client.until(lambda: _of(client, uri, "proposal-held-back"), what="why not")
    lenses = await client.lenses(uri)
    denied = await client.command(lenses["Deny"].command)
    assert denied["item"]["state"] == "denied"
    await client.until(lambda: not _of(client, uri, WAITS), what="it does not wait any more")


async def test_what_is_let_in_at_a_terminal_counts_here(client: Client, place: Place) -> None:
    log = await _log_with_misses(client, place)
    write(place.root / ".makeitso/proposals", _proposal("mill-third"))
    _approve(place, "mill-third")
    await client.until(lambda: client.codes(log) == set(), what="the log is explained")


async def test_a_miss_becomes_a_proposal_that_is_shown(place: Place) -> None:
    client = make_client()
    await start(client, place, capabilities=showing())
    path = place.file(LOG, "quern stops 3 stones at the gate 7 of b.mil now\n")
    uri = client.open(path, language="log")
    await client.until(lambda: client.codes(uri) == {"miss-new"}, what="the miss")
    (action,) = await client.actions(uri, 0)
    proposed = await client.command(action.command)
    assert proposed["item"] is not None, proposed["reason"]
    await client.until(lambda: client.shown_documents, what="the proposal is shown")
    assert [one.uri for one in client.shown_documents] == [proposed["item"]["uri"]]
    assert await stop(client) == 0
