"""What tools say to a worker, at the real files of an editor, until the run moves on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from lsp_client import Client, Place, make_client, make_place, start, stop
from lsprotocol import types

from journal.tape import options, plan_of
from makeitso.protocol import events as ev
from makeitso.protocol.record import Record
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

pytestmark = pytest.mark.asyncio(loop_scope="function")

RUN = "r20261122-1"
REAL = "one\n𝄞 two\nthree\n"
THERE = "new first\none\n𝄞 two\nof the worker\nthree\n"
SEVERITY = types.DiagnosticSeverity


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A workspace with a run that goes on; of its own, for tests move the run on."""
    found = make_place(tmp_path)
    found.file("src/a.mil", REAL)
    found.file("src/b.mil", "b\n")
    (found.root / "out").symlink_to("/etc")
    tree = tmp_path / "tree"
    (tree / "src").mkdir(parents=True)
    (tree / "src/a.mil").write_text(THERE, encoding="utf-8")
    (tree / "src/b.mil").write_text("b\n", encoding="utf-8")
    journal = Journal(found.root / ".makeitso/journal.db", clock=SystemClock(), client="test")
    may = ev.PoliciesInForce(write_files="ask", run_shell="ask", network="ask")
    created = ev.RunCreated(
        goal="g", plan="p", options=options(), policies=may, config_digest="c", version="0"
    )
    journal.append(created, actor="engine", run=RUN)
    made = ev.PlanMade(path="p", plan=plan_of("T1"), digest="p", task_digests={"T1": "t"})
    journal.append(made, actor="engine", run=RUN)
    journal.append(ev.TaskStarted(), actor="engine", run=RUN, task="T1")
    journal.append(
        ev.WorktreeCreated(path=str(tree), commit="c"), actor="engine", run=RUN, task="T1"
    )
    # Before there is an editor.
    journal.append(_turn(1), actor="engine", run=RUN, task="T1", phase="task")
    journal.append(_found("src/a.mil", 1, "gone"), actor="worker", run=RUN, task="T1")
    journal.append(_turn(2), actor="engine", run=RUN, task="T1", phase="task")
    journal.append(_found("src/a.mil", 3, "no stone"), actor="worker", run=RUN, task="T1")
    journal.close()
    return found


@pytest_asyncio.fixture(loop_scope="function")
async def client(place: Place) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, place)
    yield client
    assert await stop(client) == 0


@pytest.fixture
def journal(place: Place) -> Iterator[Journal]:
    found = Journal(place.root / ".makeitso/journal.db", clock=SystemClock(), client="test")
    yield found
    found.close()


def _turn(number: int) -> ev.TurnStarted:
    return ev.TurnStarted(intent="EXEC", round=number, prompt_digest="d")


def _found(
    path: str, line: int, message: str, *, severity: str = "error", column: int | None = None
) -> ev.RecordFound:
    record = Record(
        pattern="mill_fault", intent="diagnostic", channel="stdout", offset_bytes=0,
        stream_line=1, path=path, line=line, column=column, severity=severity, code="M7",
        message=message,
    )  # fmt: skip
    return ev.RecordFound(record=record)


def _shown(client: Client, uri: str) -> set[tuple[str, int, int]]:
    return {
        (str(d.message).partition("\n")[0], d.range.start.line, d.range.start.character)
        for d in client.diagnostics.get(uri, [])
    }


async def test_what_is_said_of_the_worktree_stands_at_the_real_line_as_that_is_typed(
    client: Client, place: Place, journal: Journal
) -> None:
    uri = client.open(place.root / "src/a.mil", language="mill")
    await client.until(lambda: _shown(client, uri) == {("no stone", 1, 0)}, what="the newest turn")
    (first,) = client.diagnostics[uri]
    assert (first.source, first.code, first.severity) == ("mill", "M7", SEVERITY.Error)
    assert f"({RUN} T1)" in str(first.message)
    for event in (
        _found("src/a.mil", 4, "of a line that is not here", severity="note"),
        _found("src/a.mil", 3, "no stone"),
        _found("src/gone.mil", 1, "no such file here"),
        _found("../outside.mil", 1, "outside"),
        _found("/etc/passwd", 1, "outside"),
        _found("out/passwd", 1, "outside"),
        _found("src/a.mil", 3, "wet", severity="W", column=3),
    ):
        journal.append(event, actor="worker", run=RUN, task="T1")
    await client.until(
        lambda: (
            _shown(client, uri)
            == {("no stone", 1, 0), ("wet", 1, 3), ("of a line that is not here", 1, 0)}
        ),
        what="all of them, once",
    )
    for name in ("src/gone.mil", "out/passwd"):
        assert not client.diagnostics.get((place.root / name).as_uri()), name
    severity = {str(d.message).partition("\n")[0]: d.severity for d in client.diagnostics[uri]}
    assert severity["wet"] == SEVERITY.Warning
    assert severity["of a line that is not here"] == SEVERITY.Information

    client.change(uri, "typed\ntyped\n" + REAL)
    await client.until(
        lambda: ("no stone", 3, 0) in _shown(client, uri), what="two lines further down"
    )


async def test_files_that_are_not_open_are_told_of_too_until_the_run_moves_on(
    client: Client, place: Place, journal: Journal
) -> None:
    opened = client.open(place.root / "src/a.mil", language="mill")
    await client.until(lambda: _shown(client, opened), what="what was said before")
    uri = (place.root / "src/b.mil").as_uri()
    journal.append(_found("src/b.mil", 1, "dry"), actor="worker", run=RUN, task="T1")
    await client.until(lambda: _shown(client, uri) == {("dry", 0, 0)}, what="of a closed file")
    client.open(place.root / "src/b.mil", language="mill")
    client.close(uri)
    journal.append(_found("src/b.mil", 1, "old"), actor="worker", run=RUN, task="T1")
    await client.until(
        lambda: _shown(client, uri) == {("dry", 0, 0), ("old", 0, 0)}, what="after it was closed"
    )

    # The run moves on.
    assert _shown(client, opened) == {("no stone", 1, 0)}
    journal.append(_turn(3), actor="engine", run=RUN, task="T1", phase="task")
    await client.until(
        lambda: not any(_shown(client, one) for one in (opened, uri)), what="all are gone"
    )
    journal.append(_found("src/b.mil", 1, "again"), actor="worker", run=RUN, task="T1")
    await client.until(lambda: _shown(client, uri), what="what was found since")
    journal.append(
        ev.TaskEnded(state="stopped", reason="by hand"), actor="engine", run=RUN, task="T1"
    )
    await client.until(lambda: not _shown(client, uri), what="nothing of what is over")
