"""A run's output in an editor: lines that nothing explains, grouped, with a way to explain them."""

from __future__ import annotations

import pytest
from lsp_client import Client, Place, make_place
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")

OUTPUT = ".makeitso/artifacts/{run}/T1/output/{stream}.log"
LOG = """\
\x1b[31mmill\x1b[0m halts 3 stones at gate 7 because é𝄞 grain is wet
src/a.c:3:5: error: no semicolon
mill halts 4 stones at gate 9 because é𝄞 grain is wet
<<MIS:START>> plan
%%%% 12 34
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("log"))


def _open(client: Client, place: Place, run: str, *, stream: str = "stdout", text: str) -> str:
    """The output of a run that is one test's own."""
    return client.open(place.file(OUTPUT.format(run=run, stream=stream), text), language="log")


async def _misses(client: Client, place: Place, run: str) -> str:
    """The output of a run of its own, whose misses are shown."""
    uri = _open(client, place, run, text=LOG)
    await client.until(lambda: client.codes(uri), what="the misses")
    return uri


async def test_misses_are_hints_by_kind_and_counted(client: Client, place: Place) -> None:
    uri = await _misses(client, place, "r20261122-1")
    found = {d.range.start.line: d for d in client.diagnostics[uri]}
    assert {line: str(d.code) for line, d in found.items()} == {
        0: "miss-new", 3: "miss-spoofed", 4: "miss-noise",
    }  # fmt: skip
    assert {d.severity for d in found.values()} == {types.DiagnosticSeverity.Hint}
    assert "2 such lines" in str(found[0].message)


async def test_a_pattern_can_be_proposed_where_there_are_words(
    client: Client, place: Place
) -> None:
    uri = await _misses(client, place, "r20261122-2")
    for line in (0, 2):
        (action,) = await client.actions(uri, line)
        assert action.title == "Propose a pattern for 2 lines like this"
        assert action.command is not None
        assert action.command.command == "mis.learn.propose"
        assert list(action.command.arguments or []) == [
            {
                "text": "mill halts 3 stones at gate 7 because é𝄞 grain is wet",
                "run": "r20261122-2",
            }
        ]
        assert action.kind == types.CodeActionKind.QuickFix
        assert [str(d.code) for d in action.diagnostics or []] == ["miss-new"]
    assert [await client.actions(uri, line) for line in (1, 3, 4)] == [[], [], []]


async def test_a_log_that_grows_is_read_again(client: Client, place: Place) -> None:
    uri = await _misses(client, place, "r20261122-3")
    assert not any(d.range.start.line == 5 for d in client.diagnostics[uri])
    client.change(uri, LOG + "the gate of the mill was closed by hand\n" * 3)
    await client.until(
        lambda: any(d.range.start.line == 5 for d in client.diagnostics[uri]), what="the new ones"
    )
    client.change(uri, "src/a.c:3:5: error: no semicolon\n")
    await client.until(lambda: not client.codes(uri), what="all is explained")


async def test_words_of_an_agent_are_no_output(client: Client, place: Place) -> None:
    run = "r20261122-4"
    uri = _open(client, place, run, stream="message", text="I mend the mill.\n")
    later = _open(client, place, run, stream="stderr", text="the mill is on\n")
    await client.until(lambda: client.codes(later), what="what is output")
    assert client.codes(uri) == set()
    # A document that is closed says nothing any more.
    client.close(later)
    await client.until(lambda: not client.codes(later), what="it is taken back")
