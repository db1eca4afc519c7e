"""A plan document in an editor, with no run: diagnostics, fixes, lenses and twins, structure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from lsp_client import Client, Place, make_client, make_place, start, stop
from lsprotocol import types

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

GOOD = """# Dätes before 1970 𝄞 parse

The suite passes.

- [ ] **T1** Fix the parser
  - files: `src/**`
  - done when: `true` (was: failing)

  Keep the signature.

- [ ] **docs** Document 𝄞 it
  - files: `docs/**`
  - after: T1
  - done when: `true`

```toml
approval = "confirm-phase"
```
"""
BAD = GOOD.replace("after: T1", "after: 𝄞T9")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("plan"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(place: Place) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, place)
    yield client
    assert await stop(client) == 0


async def test_problems_come_and_go_as_one_types(client: Client, place: Place) -> None:
    path = place.file(".makeitso/plans/2026-11-22-a.plan.md", BAD)
    uri = client.open(path)
    await client.until(lambda: client.codes(uri) == {"dependency-unknown"}, what="the problem")
    client.change(uri, GOOD)
    await client.until(lambda: uri in client.diagnostics and not client.codes(uri), what="none")
    client.change(uri, BAD)
    await client.until(lambda: client.codes(uri), what="the problem again")
    client.close(uri)
    await client.until(lambda: not client.codes(uri), what="taken back when closed")


async def test_typing_asks_for_no_lenses(client: Client, place: Place) -> None:
    path = place.file(".makeitso/plans/2026-11-22-type.plan.md", GOOD)
    uri = client.open(path)
    await client.ask("mis/trust/get", {})
    asked = await client.until(lambda: client.refreshed, what="lenses are asked for after trust")
    for text in (BAD, GOOD) * 3:
        client.change(uri, text)
        await client.until(lambda: bool(client.codes(uri)) is (text == BAD), what="shown")  # noqa: B023
    await client.ask("mis/run/list", {})
    # One may still be due for the trust that was looked at; six changes would be six more.
    assert client.refreshed <= asked + 1
    client.close(uri)


async def test_incremental_changes_with_odd_line_ends(client: Client, place: Place) -> None:
    path = place.file(".makeitso/plans/2026-11-22-odd.plan.md", GOOD)
    odd = GOOD.replace("The suite passes.", "The\u2028suite \u000cpasses \x85 all.")
    uri = client.open(path, text=odd)
    line = odd.split("\n").index("  - after: T1")
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(2, uri),
            [
                types.TextDocumentContentChangePartial(
                    types.Range(types.Position(line, 11), types.Position(line, 13)), "T9"
                ),
                types.TextDocumentContentChangePartial(
                    types.Range(types.Position(line, 13), types.Position(line, 13)), "x"
                ),
            ],
        )
    )
    await client.until(lambda: client.codes(uri) == {"dependency-unknown"}, what="the problem")
    message = client.diagnostics[uri][0].message
    assert "`T9x`" in message
    client.close(uri)


async def test_a_fix_repairs_the_plan(client: Client, place: Place) -> None:
    path = place.file(".makeitso/plans/2026-11-22-fix.plan.md", BAD)
    uri = client.open(path)
    await client.until(lambda: client.codes(uri), what="the problem")
    problem = client.diagnostics[uri][0]
    fixes = [a for a in await client.actions(uri, problem.range.start.line) if a.edit]
    assert fixes
    assert list(fixes[0].diagnostics or []) == [problem]
    edit = fixes[0].edit
    assert edit is not None
    assert edit.document_changes, "a client that knows versions gets versions"
    change = edit.document_changes[0]
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document.version == 1
    assert all(isinstance(one, types.TextEdit) for one in change.edits)
    client.take(edit)
    await client.until(lambda: "dependency-unknown" not in client.codes(uri), what="repaired")
    client.close(uri)


async def test_every_lens_has_a_twin_of_the_same_title(client: Client, place: Place) -> None:
    path = place.file(".makeitso/plans/2026-11-22-twin.plan.md", GOOD)
    uri = client.open(path)
    lenses = await client.lenses(uri)
    assert list(lenses) == ["Make it so", "Run"]
    twins = {a.title: a for a in await client.actions(uri, 0) if a.command}
    for title, lens in lenses.items():
        assert twins[title].command == lens.command
    assert lenses["Make it so"].range.start == types.Position(0, 2)
    command = lenses["Make it so"].command
    assert command is not None
    assert command.command == "mis.run.start"
    client.change(uri, BAD)
    await client.until(lambda: client.codes(uri), what="the problem")
    assert await client.lenses(uri) == {}, "a plan that cannot run offers no run"
    client.close(uri)


async def test_code_actions_of_wanted_kinds_only(client: Client, place: Place) -> None:
    path = place.file(".makeitso/plans/2026-11-22-kind.plan.md", GOOD)
    uri = client.open(path)
    found = await client.text_document_code_action_async(
        types.CodeActionParams(
            types.TextDocumentIdentifier(uri),
            types.Range(types.Position(0, 0), types.Position(0, 0)),
            types.CodeActionContext([], only=[types.CodeActionKind.QuickFix]),
        )
    )
    assert not found
    client.close(uri)


async def test_hover_symbols_folding(client: Client, place: Place) -> None:
    path = place.file(".makeitso/plans/2026-11-22-look.plan.md", GOOD)
    uri = client.open(path)
    name = types.TextDocumentIdentifier(uri)
    head = await client.text_document_hover_async(types.HoverParams(name, types.Position(0, 4)))
    assert head is not None
    assert isinstance(head.contents, types.MarkupContent)
    assert "not run yet" in head.contents.value
    after = GOOD.split("\n").index("  - after: T1")
    task = await client.text_document_hover_async(
        types.HoverParams(name, types.Position(after, 11))
    )
    assert task is not None
    assert isinstance(task.contents, types.MarkupContent)
    assert task.contents.value.startswith("**T1** Fix the parser")
    symbols = await client.text_document_document_symbol_async(types.DocumentSymbolParams(name))
    assert symbols
    root = symbols[0]
    assert isinstance(root, types.DocumentSymbol)
    assert [child.name for child in root.children or []] == [
        "T1 Fix the parser",
        "docs Document 𝄞 it",
    ]
    folds = await client.text_document_folding_range_async(types.FoldingRangeParams(name))
    lines = GOOD.split("\n")
    assert [lines[fold.start_line][:8] for fold in folds or []] == [
        "- [ ] **",
        "- [ ] **",
        "```toml",
    ]
    client.close(uri)


async def test_plan_get_sees_the_text_in_the_editor(client: Client, place: Place) -> None:
    path = place.file(".makeitso/plans/2026-11-22-get.plan.md", GOOD)
    uri = client.open(path)
    client.change(uri, GOOD.replace("Fix the parser", "Rewrite the parser"))
    seen = await client.ask("mis/plan/get", {"path": uri})
    assert seen["plan"]["tasks"][0]["title"] == "Rewrite the parser"
    client.close(uri)
    saved = await client.ask("mis/plan/get", {"path": ".makeitso/plans/2026-11-22-get.plan.md"})
    assert saved["plan"]["tasks"][0]["title"] == "Fix the parser"
    assert seen["digest"] != saved["digest"]
    assert saved["run"] is None


async def test_config_is_checked_while_it_is_written(client: Client, place: Place) -> None:
    text = '[manager]\napproval = "sometimes"\nkindd = "codex"\n'
    path = place.file(".makeitso/config.toml", text)
    uri = client.open(path, language="toml")
    await client.until(lambda: len(client.diagnostics.get(uri, [])) == 2, what="two problems")
    lines = sorted(d.range.start.line for d in client.diagnostics[uri])
    assert lines == [1, 2]
    client.change(uri, "[manager]\nmax_rounds = 2\n")
    await client.until(lambda: not client.diagnostics[uri], what="none")
    client.change(uri, "[manager\n")
    await client.until(lambda: client.codes(uri) == {"toml-syntax"}, what="no TOML")
    client.close(uri)
    path.unlink()


async def test_other_documents_are_left_alone(client: Client, place: Place) -> None:
    path = place.file("README.md", BAD)
    uri = client.open(path)
    assert await client.lenses(uri) == {}
    assert await client.actions(uri, 0) == []
    assert uri not in client.diagnostics
    client.close(uri)


async def test_starting_a_plan_that_is_not_saved_is_refused(client: Client, place: Place) -> None:
    path = place.file(".makeitso/plans/2026-11-22-dirty.plan.md", GOOD)
    uri = client.open(path)
    client.change(uri, GOOD.replace("Fix the parser", "Delete the parser"))
    lens = (await client.lenses(uri))["Make it so"]
    with pytest.raises(Exception, match="is not the plan you saw"):
        await client.command(lens.command)
    assert await client.ask("mis/run/list", {}) == {"runs": []}
    client.close(uri)


async def test_an_untrusted_workspace_runs_nothing_until_somebody_agrees(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    place = make_place(tmp_path_factory.mktemp("trust"))
    place.file(".makeitso/config.toml", '[manager]\nkind = "none"\n')
    path = place.file(".makeitso/plans/2026-11-22-t.plan.md", GOOD)
    client = make_client()
    await start(client, place)
    uri = client.open(path)
    await client.until(lambda: "workspace-untrusted" in client.codes(uri), what="a diagnostic")
    assert "manager.kind" in client.diagnostics[uri][0].message
    assert list(await client.lenses(uri)) == ["Trust these files"]
    with pytest.raises(Exception, match="is not trusted"):
        await client.ask("mis/run/start", {"plan": uri})
    agree = next(a for a in await client.actions(uri, 0) if a.title == "Trust these files")
    assert agree.diagnostics
    assert agree.command is not None

    # The file changes between looking and agreeing: nothing is agreed to.
    place.file(".makeitso/config.toml", '[manager]\nkind = "codex"\n')
    with pytest.raises(Exception, match="not what was shown"):
        await client.command(agree.command)
    place.file(".makeitso/config.toml", '[manager]\nkind = "none"\n')
    done = await client.command(agree.command)
    assert done["state"] == "trusted"
    await client.until(lambda: not client.codes(uri), what="nothing in the way any more")
    assert list(await client.lenses(uri)) == ["Make it so", "Run"]
    assert (await client.ask("mis/trust/set", {"trusted": False}))["state"] == "untrusted"
    await client.until(lambda: client.codes(uri), what="forgotten")
    assert await stop(client) == 0


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        (["utf-8", "utf-16"], "utf-8"),
        (["utf-32", "utf-16"], "utf-32"),
        (["utf-16"], "utf-16"),
        (None, "utf-16"),
    ],
)
async def test_position_encodings(
    tmp_path_factory: pytest.TempPathFactory, offered: list[str] | None, agreed: str
) -> None:
    place = make_place(tmp_path_factory.mktemp("encoding"))
    client = make_client()
    kinds = [types.PositionEncodingKind(kind) for kind in offered] if offered else None
    result = await start(
        client,
        place,
        capabilities=types.ClientCapabilities(
            general=types.GeneralClientCapabilities(position_encodings=kinds)
        ),
    )
    assert result.capabilities.position_encoding == types.PositionEncodingKind(agreed)
    text = GOOD.replace("- after: T1", "- after: 𝄞𝄞, T9")
    uri = client.open(place.file(".makeitso/plans/2026-11-22-e.plan.md", text))
    await client.until(lambda: client.codes(uri), what="problems")
    problem = next(d for d in client.diagnostics[uri] if "T9" in d.message)
    line = next(line for line in text.split("\n") if "T9" in line)
    before = line[: line.index("T9")]
    size = {
        "utf-8": len(before.encode()),
        "utf-16": len(before.encode("utf-16-le")) // 2,
        "utf-32": len(before),
    }
    assert problem.range.start.character == size[agreed]
    actions = [a for a in await client.actions(uri, problem.range.start.line) if a.edit]
    assert actions
    assert actions[0].edit is not None
    assert actions[0].edit.changes, "a client without versions gets plain edits"
    assert await stop(client) == 0
