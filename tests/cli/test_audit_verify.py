"""`mis audit --verify`: whether the journal and the kept output are what they were."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from audit_scene import Scene, in_this_process, verified
from mis_process import Mis, mis_in

from journal import audit_tape as on
from makeitso.protocol import events as ev
from makeitso.store.outputs import OutputFile

if TYPE_CHECKING:
    from pathlib import Path

    from audit_scene import Here

    from makeitso.protocol.events import EventData


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    return mis_in(tmp_path)


@pytest.fixture
def scene(mis: Mis) -> Scene:
    return Scene(mis.work)


@pytest.fixture
def here(mis: Mis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return in_this_process(mis, monkeypatch, capsys)


def change(path: Path, statement: str) -> None:
    """What somebody does to the file behind our back."""
    database = sqlite3.connect(path)
    with database:
        database.execute(statement)
    database.close()


def test_whole(here: Here, scene: Scene) -> None:
    scene.run("r1")
    code, data, text = verified(here)
    assert code == 0
    assert "chain   whole: 17 rows, the last is " in text
    assert "output  whole: 3 stretches of kept files" in text
    assert (data["rows"], data["whole"], data["stretches"]) == (17, True, 3)
    assert data["last_hash"] == list(scene.journal.read())[-1].hash


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE events SET data = replace(data, 'ada', 'eve') WHERE seq = 4", 4),
        ("UPDATE events SET at = at + 1 WHERE seq = 7", 7),
        ("UPDATE events SET data = '{' WHERE seq = 2", 2),
        ("UPDATE events SET hash = 'x' WHERE seq = 17", 17),
        ("DELETE FROM events WHERE seq = 5", 6),
        ("DELETE FROM events WHERE seq = 1", 2),
    ],
)
def test_where_the_chain_breaks(here: Here, scene: Scene, statement: str, row: int) -> None:
    scene.run("r1")
    scene.journal.close()
    change(scene.path, statement)
    code, data, text = verified(here)
    assert code == 1
    assert (data["whole"], data["broken_row"]) == (False, row)
    assert f"the chain breaks at row {row} of 17" in text


@pytest.mark.parametrize(
    ("name", "content", "row", "state"),
    [
        ("output/stdout.log", b"one\nTWO\nthree\n", 10, "changed"),
        ("output/stdout.log", b"One\ntwo\nthree\n", 6, "changed"),
        ("output/stdout.log", b"one\ntwo\n", 10, "cut"),
        ("prompts/round-1.md", b"once mora\n", 7, "changed"),
        ("prompts/round-1.md", None, 7, "gone"),
    ],
)
def test_which_output_is_not_what_it_was(
    here: Here, scene: Scene, name: str, content: bytes | None, row: int, state: str
) -> None:
    scene.run("r1")
    path = scene.artifacts / "r1/T1" / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    code, data, text = verified(here)
    assert code == 1
    if state != "cut":  # the stretch behind it may be cut, too
        assert len(data["broken"]) == 1
    assert {"seq": row, "path": f"r1/T1/{name}", "state": state} in data["broken"], data
    assert f"row {row}: r1/T1/{name} is {state}" in text


PAUSED = ev.RunPaused(state="waiting", reason="review", exit_code=3)
LOG = "r1/T1/output/stdout.log"


def _append(path: Path, text: str = "four\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)


@pytest.mark.parametrize("name", [LOG, "r1/T1/prompts/round-1.md", "r1/T1/output/other.log"])
def test_what_was_added_to_a_file_since_is_an_alarm(here: Here, scene: Scene, name: str) -> None:
    scene.run("r1")
    before = (scene.artifacts / name).stat().st_size if "other" not in name else 0
    _append(scene.artifacts / name)
    code, data, text = verified(here)
    assert (code, data["whole"], data["broken"]) == (1, False, [])
    rest = {"path": name, "offset": before, "length_bytes": 5, "why": "added"}
    assert data["rests"] == [rest]
    assert f"5 bytes of {name} were added by somebody else" in text
    assert "output  whole" not in text


@pytest.mark.parametrize(
    ("then", "why"),
    [
        ((), "going on"),
        ((PAUSED,), "added"),
        ((PAUSED, ev.RunResumed()), "going on"),
        ((PAUSED, ev.RunResumed(), ev.RunFinished(state="done")), "added"),
        ((ev.RunResumed(), PAUSED), "crash"),
        (
            (ev.RunResumed(), ev.WorkerEnded(reason="was gone"), ev.RunFinished(state="done")),
            "crash",
        ),
        ((ev.TaskEnded(state="failed"), ev.RunResumed(), ev.RunFinished(state="done")), "added"),
    ],
)
def test_bytes_that_wait_for_a_mark_or_lost_it_are_named_and_no_alarm(
    here: Here, scene: Scene, then: tuple[EventData, ...], why: str
) -> None:
    scene.journal.append(on.created(), actor="person", run="r1")
    output = OutputFile(scene.artifacts, LOG)
    output.write(b"one\n")
    outputs = (output.mark(),)
    ended = ev.TurnEnded(status="completed", outputs=outputs)
    scene.journal.append(ended, actor="engine", run="r1", task="T1")
    output.write(b"two\n")
    output.close()
    for data in then:
        task = "T1" if isinstance(data, ev.WorkerEnded | ev.TaskEnded) else None
        scene.journal.append(data, actor="engine", run="r1", task=task)
    code, data, text = verified(here)
    assert code == (1 if why == "added" else 0)
    assert data["rests"] == [{"path": LOG, "offset": 4, "length_bytes": 4, "why": why}]
    assert f"4 bytes of {LOG} " in text


def test_what_a_worker_put_out_in_no_turn_and_what_a_wait_saw_is_looked_at(
    here: Here, scene: Scene
) -> None:
    scene.journal.append(on.created(), actor="person", run="r1")

    def kept(name: str) -> ev.OutputRef:
        output = OutputFile(scene.artifacts, f"r1/T1/{name}.log")
        output.write(b"one\n")
        ref = output.mark()
        output.close()
        return ref

    looked = ev.WaitLooked(wait=4, exit_code=0, duration_ms=1, sandboxed=True, next_at=None)
    pointing: tuple[EventData, ...] = (
        ev.WorkerEnded(reason="done", outputs=(kept("output/stderr"),)),
        looked.model_copy(update={"output": kept("waits/4")}),
        on.check("base").model_copy(update={"output": kept("checks/base-1")}),
    )
    for data in pointing:
        scene.journal.append(data, actor="engine", run="r1", task="T1")
    assert verified(here)[1]["stretches"] == 3
    for name in ("output/stderr", "waits/4", "checks/base-1"):
        (scene.artifacts / f"r1/T1/{name}.log").write_bytes(b"two\n")
    code, found, _ = verified(here)
    assert (code, [part["seq"] for part in found["broken"]]) == (1, [2, 3, 4])


def test_what_a_killed_check_left_between_two_stretches_is_named(here: Here, scene: Scene) -> None:
    scene.run("r1")
    _append(scene.artifacts / LOG, "killed here\n")
    output = OutputFile(scene.artifacts, LOG)
    output.write(b"again\n")
    again = on.check("landed").model_copy(update={"output": output.mark()})
    output.close()
    scene.journal.append(again, actor="engine", run="r1", task="T1")
    code, data, _ = verified(here)
    assert (code, data["stretches"]) == (0, 4)
    assert data["rests"] == [{"path": LOG, "offset": 14, "length_bytes": 12, "why": "crash"}]


def test_a_run_that_was_cleaned_up_is_no_harm(here: Here, scene: Scene) -> None:
    import shutil

    scene.run("r1")
    scene.run("r2")
    shutil.rmtree(scene.artifacts / "r1")
    code, data, text = verified(here)
    assert (code, data["removed"], data["stretches"]) == (0, ["r1"], 3)
    assert "no longer kept of r1" in text


def test_what_is_no_journal(here: Here, scene: Scene) -> None:
    scene.journal.close()
    scene.path.write_bytes(b"no database at all, but long enough to look like one" * 10)
    for args in (("audit",), ("audit", "--verify")):
        ended = here(*args)
        assert ended.code == 1
        assert "the journal" in ended.err
        assert "Traceback" not in ended.err


@pytest.mark.parametrize("args", [("r1",), ("--all",), ("--html", "x.html")])
def test_verify_stands_alone(here: Here, args: tuple[str, ...]) -> None:
    ended = here("audit", "--verify", *args)
    assert (ended.code, "whole journal" in ended.err) == (2, True)
