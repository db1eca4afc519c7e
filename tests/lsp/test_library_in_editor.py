"""A pattern library in an editor: what is wrong in it, at its place, with a way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from lsp_client import Client, Place, make_place
from lsprotocol import types

from journal.tape import options, plan_of
from makeitso.protocol import events as ev
from makeitso.protocol.record import Record
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = ".makeitso/protocol/regexes.toml"
RUN = "r20261122-1"
LIBRARY = """# é𝄞
[[pattern]]
name = "mill_fault"
intent = "diagnostic"
regex = 'mill: (?P<path>[^:]+):(?P<line>[0-9]+): (?P<message>.*)$'
examples = ["mill: a.mil:3: no stone"]
counter_examples = ["a mill: nothing"]
rationale = "What the mill says of a file."

[[pattern]]
name = "grinds"
intent = "ignore"
regex = '^grinding .+ into .+ now$'
examples = ["grinding a.mil into b now"]
counter_examples = ["grinding x into y now"]

[[pattern]]
name = "mill_again"
intent = "diagnostic"
regex = 'mill: (?P<path>[^:]+):(?P<line>[0-9]+): (?P<message>.*)$'
examples = ["mill: b.mil:4: no stone"]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    found = make_place(tmp_path_factory.mktemp("library"))
    found.file(NAME, LIBRARY)
    journal = Journal(found.root / ".makeitso/journal.db", clock=SystemClock(), client="test")
    may = ev.PoliciesInForce(write_files="ask", run_shell="ask", network="ask")
    created = ev.RunCreated(
        goal="g", plan="p", options=options(), policies=may, config_digest="c", version="0"
    )
    journal.append(created, actor="engine", run=RUN)
    made = ev.PlanMade(path="p", plan=plan_of("T1"), digest="p", task_digests={"T1": "t"})
    journal.append(made, actor="engine", run=RUN)
    for number in (1, 2):
        record = Record(
            pattern="mill_fault", intent="diagnostic", channel="stdout", offset_bytes=0,
            stream_line=number, path="gone.mil", line=3, message="no stone",
        )  # fmt: skip
        journal.append(ev.RecordFound(record=record), actor="worker", run=RUN, task="T1")
    journal.close()
    return found


@pytest_asyncio.fixture(loop_scope="module")
async def library(client: Client, place: Place) -> AsyncIterator[str]:
    """The library, opened as it lies on the disk and looked at; closed after each test."""
    uri = client.open(place.root / NAME, language="toml")
    await client.until(lambda: client.codes(uri), what="the problems")
    yield uri
    client.close(uri)
    await client.until(lambda: not client.codes(uri), what="they are taken back")


async def test_each_rule_is_said_where_it_is_broken(client: Client, library: str) -> None:
    at = {(str(d.code), d.range.start.line) for d in client.diagnostics[library]}
    assert {
        ("pattern-not-anchored", 4),
        ("pattern-loose", 12),
        ("pattern-example", 14),
        ("pattern-same-expression", 19),
    } <= at
    severity = {str(d.code): d.severity for d in client.diagnostics[library]}
    assert severity["pattern-example"] == types.DiagnosticSeverity.Error
    assert severity["pattern-loose"] == types.DiagnosticSeverity.Warning


async def test_fixes_leave_nothing_of_what_they_fix(client: Client, library: str) -> None:
    for line, title, code in (
        (19, "Remove mill_again", "pattern-same-expression"),
        (4, "Match at the beginning of the line only: put ^ before it", "pattern-not-anchored"),
    ):
        offered = {action.title: action for action in await client.actions(library, line)}
        fix = offered[title]
        assert fix.kind == types.CodeActionKind.QuickFix
        assert [str(d.code) for d in fix.diagnostics or []] == [code]
        assert fix.edit is not None
        client.take(fix.edit)
        await client.until(
            lambda code=code: code not in client.codes(library), what=f"{code} is gone"
        )
    assert "regex = '^mill: (?P<path>" in client.texts[library]
    assert "mill_again" not in client.texts[library]


async def test_what_is_no_toml_is_said_and_mended(client: Client, library: str) -> None:
    kept = client.texts[library]
    client.change(library, kept + '\nname = "')
    await client.until(lambda: client.codes(library) == {"library-syntax"}, what="no TOML")
    client.change(library, kept)
    await client.until(lambda: "library-syntax" not in client.codes(library), what="TOML again")


async def test_a_pattern_tells_what_it_did_here(client: Client, library: str) -> None:
    found = await client.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(library), types.Position(4, 3))
    )
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    said = found.contents.value
    assert "**mill_fault**: diagnostic, active" in said
    assert "2 records of runs here." in said
    assert "mill: a.mil:3: no stone" in said
    assert "What the mill says of a file." in said
