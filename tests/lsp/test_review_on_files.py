"""Review where people work: on the real files, by keys, by line of the document; a live server."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from lsp_client import Client, Place, make_client, showing, start, stop
from lsprotocol import types
from proposed_place import proposed_place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.timeout(200)]

LINES = [f"line {n}\n" for n in range(1, 41)]


def numbered(**lines: str) -> bytes:
    new = [f"{lines[f'l{n}']}\n" if f"l{n}" in lines else f"line {n}\n" for n in range(1, 41)]
    return "".join(line for line in new if line != "-\n").encode()


@pytest.fixture
def made(tmp_path: Path) -> tuple[Place, str]:
    return proposed_place(
        tmp_path,
        {"n.txt": numbered(), "z.txt": b"last\n", "crlf.txt": b"a\r\nb\r\nc\r\n"},
        tasks={
            "T1": {
                "n.txt": numbered(l3="three", l20="-", l37="line 37\ninserted"),
                "z.txt": b"last\nmore\n",
                "new/file.txt": b"one\ntwo\n",
            },
            "T2": {"crlf.txt": b"a\r\nB\r\nc\r\n"},
        },
    )


@pytest_asyncio.fixture(loop_scope="function")
async def client(made: tuple[Place, str]) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, made[0], capabilities=showing())
    yield client
    assert await stop(client) == 0


async def _waiting(client: Client, uri: str, count: int) -> list[types.Diagnostic]:
    def found() -> list[types.Diagnostic] | None:
        here = [d for d in client.diagnostics.get(uri, ()) if d.code == "hunk-waits"]
        return here if len(here) == count else None

    if count == 0:
        await client.until(lambda: not client.diagnostics.get(uri), what="nothing waits")
        return []
    return await client.until(found, what=f"{count} hunks wait in {uri}")


def _lines(found: list[types.Diagnostic]) -> list[tuple[int, int]]:
    return [(d.range.start.line, d.range.end.line) for d in found]


async def test_hunks_stand_on_the_real_file_and_follow_what_is_typed(
    client: Client, made: tuple[Place, str]
) -> None:
    place, _ = made
    uri = client.open(place.root / "n.txt", language="plaintext")
    found = await _waiting(client, uri, 3)
    assert {d.severity for d in found} == {types.DiagnosticSeverity.Hint}, "off the problems list"
    assert _lines(found) == [(2, 2), (19, 19), (36, 36)], "what inserts stands at the line above"
    assert "-line 3\n+three" in found[0].message

    text = client.texts[uri]
    client.change(uri, "typed\ntyped too\n" + text.replace("line 20\n", ""))
    found = await client.until(
        lambda: (new := client.diagnostics[uri])[0].range.start.line == 4 and len(new) == 3 and new,
        what="they moved",
    )
    assert _lines(found) == [(4, 4), (20, 20), (37, 37)], "a line that is gone: the one above"

    titles = [a.title for a in await client.actions(uri, 4)]
    assert titles == [
        "Accept", "Reject", "Edit…", "Comment…", "Show in review", "Show proposal",
        "Next hunk", "Previous hunk",
    ]  # fmt: skip
    accept = next(a for a in await client.actions(uri, 4) if a.title == "Accept")
    assert accept.kind == types.CodeActionKind.QuickFix
    assert accept.diagnostics
    await client.command(accept.command)
    left = await _waiting(client, uri, 2)
    assert _lines(left) == [(20, 20), (37, 37)]
    titles = [a.title for a in await client.actions(uri, 4)]
    assert titles[:2] == ["Reject", "Take the mark back"], "a mark is taken back where it was made"
    hover = await client.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(37, 0))
    )
    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    assert "+inserted" in hover.contents.value
    client.close(uri)


async def test_the_last_step_is_taken_back_on_the_file_where_no_mark_says_the_same(
    client: Client, made: tuple[Place, str]
) -> None:
    place, run = made
    uri = client.open(place.root / "n.txt", language="plaintext")
    other = client.open(place.root / "z.txt", language="plaintext")
    await _waiting(client, uri, 3)
    await _waiting(client, other, 1)

    async def offered(line: int, of: str = uri) -> dict[str, types.CodeAction]:
        return {a.title: a for a in await client.actions(of, line)}

    assert "Undo last mark" not in await offered(2)
    await client.command((await offered(2))["Accept"].command)
    await _waiting(client, uri, 2)
    assert "Undo last mark" not in await offered(2), "the mark here is the last"
    assert "Undo last mark" not in await offered(0, other), "nothing was done in this file"
    await client.command((await offered(19))["Undo last mark"].command)
    await _waiting(client, uri, 3)

    # A whole file, then another mark on one hunk of it: each is one step.
    got = await client.ask("mis/change/get", {"run": run, "task": "T1"})
    ids = [h["id"] for f in got["change"]["files"] for h in f["hunks"] if f["path"] == "n.txt"]
    await client.ask("mis/hunk/mark", {"hunks": ids, "mark": "accepted"})
    await client.ask("mis/hunk/mark", {"hunks": ids[:1], "mark": "rejected"})
    await _waiting(client, uri, 0)
    titles = await offered(2)
    assert {"Take the mark back", "Undo last mark"} <= set(titles)
    await client.command(titles["Undo last mark"].command)

    async def marks() -> list[str]:
        found = await client.ask("mis/change/get", {"run": run, "task": "T1"})
        return [h["state"] for f in found["change"]["files"] for h in f["hunks"] if h["id"] in ids]

    assert await marks() == ["accepted"] * 3
    await client.command((await offered(2))["Undo last mark"].command)
    await _waiting(client, uri, 3)

    # What is edited and split, too.
    await client.ask("mis/hunk/split", {"hunk": ids[0], "at": 4})
    assert "Undo last mark" in await offered(2)
    await client.ask("mis/hunk/undo", {"run": run, "task": "T1"})
    (diff,) = [h["diff"] for f in got["change"]["files"] for h in f["hunks"] if h["id"] == ids[1]]
    await client.ask(
        "mis/hunk/edit", {"hunk": ids[1], "diff": diff.replace("-line 20", " line 20\n+20")}
    )
    await _waiting(client, uri, 2)
    assert "Undo last mark" not in await offered(0, other)
    await client.command((await offered(19))["Undo last mark"].command)
    assert await marks() == ["pending"] * 3


async def test_next_and_previous_go_round_over_files_and_documents(
    client: Client, made: tuple[Place, str]
) -> None:
    place, run = made
    uri = client.open(place.root / "n.txt", language="plaintext")
    await _waiting(client, uri, 3)
    client.change(uri, "typed\n" + client.texts[uri])
    seen: list[tuple[str, int]] = []
    at = {"uri": uri, "position": {"line": 0, "character": 0}}
    for left in [6] * 6:
        step = await client.ask("mis/review/next", at)
        assert step["left"] == left
        seen.append((step["uri"].rsplit("/", 1)[-1], step["line"]))
        if step["uri"].endswith(".diff"):  # a file that is not there yet: on from its document
            at = {"uri": (place.root / "new/file.txt").as_uri(), "position": {"line": 0}}
        else:
            at = {"uri": step["uri"], "position": {"line": step["line"], "character": 0}}
    review = f"{run}-T1.diff"
    assert [name for name, _ in seen] == ["n.txt", "n.txt", "n.txt", review, "z.txt", "crlf.txt"]
    assert [line for name, line in seen if name == "n.txt"] == [3, 20, 37]
    back = await client.ask(
        "mis/review/previous", {"uri": uri, "position": {"line": 3, "character": 0}}
    )
    assert (back["uri"], back["line"]) == ((place.root / "crlf.txt").as_uri(), 1)

    # In a review document it goes from hunk to hunk of that, then to the next one.
    first = await client.ask("mis/review/next", {})
    text = (place.root / ".makeitso/review" / review).read_text()
    heads = [n for n, line in enumerate(text.split("\n")) if line.startswith("@@ ")]
    assert first["uri"].endswith(review)
    doc = client.open(place.root / ".makeitso/review" / review, language="diff")
    went: list[int] = []
    line = 0
    for _ in range(len(heads) + 1):
        step = await client.ask("mis/review/next", {"uri": doc, "position": {"line": line}})
        line = step["line"]
        went.append(line)
    assert went == [*heads, heads[0]], "round and round"
    everything = {a.title: a for a in await client.actions(doc, 0)}
    await client.command(everything["Accept all"].command)
    other = await client.ask("mis/review/next", {"uri": doc, "position": {"line": 3}})
    assert other["uri"].endswith(f"{run}-T2.diff")
    t2 = await client.ask("mis/change/get", {"run": run, "task": "T2"})
    hunk = t2["change"]["files"][0]["hunks"][0]["id"]
    await client.ask("mis/hunk/mark", {"hunks": [hunk], "mark": "rejected"})
    none = await client.ask("mis/review/next", {"uri": doc})
    assert none["uri"] is None
    assert none["said"] == "No hunk waits for you."


async def test_a_command_shows_the_place_and_says_when_there_is_none(
    client: Client, made: tuple[Place, str]
) -> None:
    place, run = made
    uri = client.open(place.root / "z.txt", language="plaintext")
    await _waiting(client, uri, 1)
    titles = {a.title: a for a in await client.actions(uri, 0)}
    await client.command(titles["Show in review"].command)
    shown = await client.until(lambda: client.shown_documents, what="the document is shown")
    assert shown[0].uri.endswith(f"{run}-T1.diff")
    at = shown[0].selection
    assert at is not None
    text = (place.root / f".makeitso/review/{run}-T1.diff").read_text().split("\n")
    assert text[at.start.line + 1 : at.start.line + 3] == [" last", "+more"]

    await client.command(titles["Show proposal"].command)
    await client.until(lambda: len(client.shown_documents) == 2, what="the proposal is shown")
    proposal = place.root / f".makeitso/review/{run}-T1/z.txt"
    assert client.shown_documents[1].uri == proposal.as_uri()
    assert proposal.read_bytes() == b"last\nmore\n"
    assert not proposal.stat().st_mode & 0o222
    await client.command(titles["Show proposal"].command)
    await client.until(lambda: len(client.shown_documents) == 3, what="it is shown again")


async def test_selected_lines_of_the_document_are_marked_exactly(
    client: Client, made: tuple[Place, str]
) -> None:
    place, run = made
    got = await client.ask("mis/change/get", {"run": run, "task": "T1"})
    doc = client.open(place.root / got["document"], language="diff")
    lines = client.texts[doc].split("\n")
    line = lines.index("+three")
    titles = {a.title: a for a in await client.actions(doc, line)}
    number = line - next(n for n in range(line, 0, -1) if lines[n].startswith("@@"))
    assert f"Accept line {number}" in titles
    await client.command(titles[f"Accept line {number}"].command)
    states = (await client.ask("mis/change/get", {"run": run, "task": "T1"}))["change"]["files"]
    hunks = [h for f in states for h in f["hunks"] if f["path"] == "n.txt"]
    accepted = [h for h in hunks if h["state"] == "accepted"]
    assert len(accepted) == 1
    changed = [t for t in accepted[0]["diff"].split("\n")[1:] if t[:1] in ("+", "-")]
    assert changed == ["+three"], "the removed line beside it stays open"
    new = lines.index("+one")
    assert not [
        a for a in await client.actions(doc, new) if "line" in a.title and "Accept" in a.title
    ]


async def test_what_is_saved_in_the_document_lands_and_what_does_not_fit_is_kept(
    client: Client, made: tuple[Place, str]
) -> None:
    place, run = made
    got = await client.ask("mis/change/get", {"run": run, "task": "T1"})
    path = place.root / got["document"]
    doc = client.open(path, language="diff")
    _save(client, doc, path, client.texts[doc].replace("+three\n", "+drei\n+und\n"))

    async def edited() -> Any:
        found = await client.ask("mis/change/get", {"run": run, "task": "T1"})
        return [h for f in found["change"]["files"] for h in f["hunks"] if "+drei" in h["diff"]]

    (hunk,) = await client.until_asked(edited, what="the edit is taken in")
    assert hunk["state"] == "accepted"
    assert hunk["id"] in path.read_text(), "the document is written anew"

    client.change(doc, path.read_text())
    broken = client.texts[doc].replace(" line 19\n", " line nineteen\n")
    _save(client, doc, path, broken)
    found = await client.until(
        lambda: [d for d in client.diagnostics.get(doc, []) if d.code == "edit-refused"],
        what="it is said at the hunk",
    )
    assert found[0].severity == types.DiagnosticSeverity.Error
    assert "does not fit n.txt at line 19" in found[0].message
    kept = path.with_name(f"{run}-T1.yours.txt")
    assert kept.read_text() == broken
    after = await client.ask("mis/change/get", {"run": run, "task": "T1"})
    assert {h["state"] for f in after["change"]["files"] for h in f["hunks"]} == {
        "accepted", "pending",
    }  # fmt: skip


async def test_an_editor_that_rewrites_line_ends_edits_nothing(
    client: Client, made: tuple[Place, str]
) -> None:
    place, run = made
    got = await client.ask("mis/change/get", {"run": run, "task": "T2"})
    path = place.root / got["document"]
    doc = client.open(path, language="diff")
    _save(client, doc, path, path.read_bytes().decode().replace("\r\n", "\n"))
    after = await client.ask("mis/change/get", {"run": run, "task": "T2"})
    assert after["change"]["files"][0]["hunks"][0]["state"] == "pending"
    _save(client, doc, path, client.texts[doc].replace("+B\n", "+BB\n"))

    async def accepted() -> bool:
        found = await client.ask("mis/change/get", {"run": run, "task": "T2"})
        hunk = found["change"]["files"][0]["hunks"][0]
        return hunk["state"] in ("accepted", "landed") and "+BB\r\n" in hunk["diff"]

    await client.until_asked(accepted, what="the edit keeps the line ends of the file")


async def test_the_document_has_structure_and_links_and_applies(
    client: Client, made: tuple[Place, str]
) -> None:
    place, run = made
    got = await client.ask("mis/change/get", {"run": run, "task": "T1"})
    path = place.root / got["document"]
    doc = client.open(path, language="diff")
    symbols = await client.text_document_document_symbol_async(
        types.DocumentSymbolParams(types.TextDocumentIdentifier(doc))
    )
    assert symbols
    tree = [s for s in symbols if isinstance(s, types.DocumentSymbol)]
    assert [s.name for s in tree] == ["n.txt", "new/file.txt", "z.txt"]
    assert tree[0].detail == "3 pending"
    assert [c.name.split()[0] for c in tree[0].children or []] == ["pending"] * 3
    links = await client.text_document_document_link_async(
        types.DocumentLinkParams(types.TextDocumentIdentifier(doc))
    )
    targets = {link.target for link in links or []}
    assert (place.root / "n.txt").as_uri() in targets
    assert not [t for t in targets if t and "new/file" in t], "only to what is there"
    folds = await client.text_document_folding_range_async(
        types.FoldingRangeParams(types.TextDocumentIdentifier(doc))
    )
    assert folds
    _git(place, "apply", "--check", str(path))


def _git(place: Place, *args: str) -> None:
    subprocess.run(["git", *args], cwd=place.root, check=True, env=place.env)


def _save(client: Client, uri: str, path: Path, text: str) -> None:
    client.change(uri, text)
    path.write_bytes(text.encode())
    client.text_document_did_save(
        types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri))
    )
