"""A decision that comes as a run is put down is acted on: by its process, or by who decided."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from journal.tape import options, plan_of
from makeitso import wiring
from makeitso.cli.console import Console
from makeitso.cli.review.settling import settle
from makeitso.protocol import events as ev
from makeitso.protocol.approval import Decision
from makeitso.runs import engine
from makeitso.runs.ask import ask, decide
from makeitso.runs.ports import Nobody
from makeitso.store import owner
from makeitso.store.journal import Journal
from makeitso.wiring import driving
from runs.run_place import Place, place

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from makeitso.wiring import Bridge

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return place(tmp_path, monkeypatch, plan=plan_of("T1"), how=options("confirm-phase"))


def stands_at_a_boundary(there: Place) -> None:
    ask(there.ctx, kind="plan", subject="p", digest="p1")
    decide(there.ctx.book, Decision(id="a1", grant=True))
    there.ctx.append(ev.TaskStarted(), task="T1")
    for data in (ev.PhaseStarted(), ev.PhaseEnded(state="passed", effects=True)):
        there.ctx.append(data, task="T1", phase="bootstrap")


def every_hunk_is_rejected(there: Place) -> None:
    there.ctx.append(ev.TaskStarted(), task="T1")
    hunks = (ev.HunkRef(id="h1", path="a"),)
    proposed = ev.ChangeProposed(
        base_tree="a", tree="b", commit="c", files=1, hunks=hunks, digest="d"
    )
    for data in (proposed, ev.TaskReviewing(), ev.HunkMarked(hunks=("h1",), mark="rejected")):
        there.ctx.append(data, task="T1")


async def test_a_run_is_not_put_down_over_an_answer_nobody_looked_at(
    there: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands_at_a_boundary(there)
    record = Journal.append

    def slow(journal: Journal, data: ev.EventData, **how: object) -> ev.Event:
        if isinstance(data, ev.RunPaused) and there.ctx.run.pending:
            with there.bridge.second() as other:  # another process is faster by a hair
                decide(other.book, Decision(id="a2", grant=False, because="no"))
        return record(journal, data, **how)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Journal, "append", slow)
    ports, book = there.ctx.ports, there.ctx.book
    ended = await engine.drive(ports, book, Nobody(), there.ctx.run_id)
    assert (ended.state, ended.exit_code) == ("stopped", 1)
    assert "no" in ended.reason
    assert not there.found(ev.RunPaused)


async def test_who_decides_lands_by_themselves_when_the_owner_is_just_going(
    there: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    every_hunk_is_rejected(there)
    there.ctx.append(ev.RunPaused(state="waiting", reason="", exit_code=3))
    looked: list[bool] = []
    goes = driving.owner_goes
    with contextlib.ExitStack() as going:
        going.enter_context(owner.own(there.bridge.dot.owner_lock, door="cli"))

        async def gone_meanwhile(
            bridge: Bridge, *, until: float, skip: Collection[str] = ()
        ) -> bool:
            looked.append(await goes(bridge, until=until, skip=skip))
            going.close()
            return looked[-1]

        monkeypatch.setattr(driving, "owner_goes", gone_meanwhile)
        assert await wiring.settle(there.bridge, Nobody()) is True
    assert looked == [True]
    assert there.ctx.task("T1").ended == "stopped"


async def test_what_is_driven_or_settled_is_left_to_the_owner(there: Place) -> None:
    every_hunk_is_rejected(there)
    with owner.own(there.bridge.dot.owner_lock, door="cli"):
        assert await wiring.settle(there.bridge, Nobody()) is False
        assert not wiring.left_behind(there.bridge), "it drives the run, and sees to it"
        assert there.ctx.task("T1").ended is None
    assert await wiring.settle(there.bridge, Nobody()) is True
    assert there.ctx.task("T1").ended == "stopped"


@pytest.mark.parametrize(
    ("paused", "says"),
    [(False, "the process that runs it lands it"), (True, "(lsp) is at work here on another run")],
)
def test_it_is_said_who_lands(
    there: Place,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    paused: bool,
    says: str,
) -> None:
    every_hunk_is_rejected(there)
    if paused:
        there.ctx.append(ev.RunPaused(state="waiting", reason="", exit_code=3))
    monkeypatch.setattr(driving, "LEAVING_S", 0.0)
    with owner.own(there.bridge.dot.owner_lock, door="lsp"):
        assert settle(there.bridge, Console()) == 0
    assert says in " ".join(capsys.readouterr().err.split())


async def test_an_owner_that_stays_is_not_waited_for_for_ever(
    there: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    every_hunk_is_rejected(there)
    there.ctx.append(ev.RunPaused(state="waiting", reason="", exit_code=3))
    monkeypatch.setattr(driving, "LEAVING_S", 0.0)
    with owner.own(there.bridge.dot.owner_lock, door="lsp"):
        assert await wiring.settle(there.bridge, Nobody()) is False
        assert wiring.left_behind(there.bridge), "and it is said"
