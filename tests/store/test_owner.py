from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from makeitso.errors import StateError, StoreError
from makeitso.store import owner
from store import store_process as process

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "dot" / "owner.lock"


def test_a_second_process_is_refused_with_the_first_named(lock: Path) -> None:
    assert owner.current(lock) is None
    with owner.own(lock, door="cli"):
        kind, message, hint = process.ended(process.start("hold", lock, "lsp")).split("|")
        assert kind == "StateError"
        assert f"process {os.getpid()} (cli)" in message
        assert "mis stop" in hint
        found = owner.current(lock)
        assert found is not None
        assert (found.pid, found.door) == (os.getpid(), "cli")
    assert owner.current(lock) is None
    again = process.start("hold", lock, "lsp")
    assert process.line_of(again) == "owns"
    process.killed(again)


def test_kill_9_frees_it(lock: Path) -> None:
    holder = process.start("hold", lock, "lsp")
    assert process.line_of(holder) == "owns"
    with (
        pytest.raises(StateError, match=f"process {holder.pid} \\(lsp\\)") as caught,
        owner.own(lock, door="cli"),
    ):
        pytest.fail("two owners")
    assert caught.value.data["pid"] == holder.pid
    found = owner.current(lock)
    assert found is not None
    assert (found.pid, found.door) == (holder.pid, "lsp")
    process.killed(holder)
    assert owner.current(lock) is None
    with owner.own(lock, door="cli"):
        assert json.loads(lock.read_text())["pid"] == os.getpid()


def test_looking_never_steals_and_never_sees_another_who_looks(lock: Path, tmp_path: Path) -> None:
    with owner.own(lock, door="cli"):
        pass
    stop = tmp_path / "stop"
    lookers = [process.start("look", lock, stop) for _ in range(2)]
    for one in lookers:
        assert process.line_of(one) == "looking"
    for _ in range(300):
        assert owner.current(lock) is None, "nobody owns it; the others only look"
    for _ in range(20):
        with owner.own(lock, door="cli"):  # taken whenever it is free, looked at or not
            found = owner.current(lock)
            assert found is not None
            assert found.pid in (os.getpid(), 0)
    stop.touch()
    for one in lookers:
        assert set(json.loads(process.ended(one))) <= {0, os.getpid()}


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "dot").write_text("in the way")
    with pytest.raises(StoreError), owner.own(tmp_path / "dot" / "owner.lock", door="cli"):
        pytest.fail("owned nothing")
