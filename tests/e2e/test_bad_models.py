"""Endpoints that refuse, fail, hang up or answer nonsense; each ends in bounded time."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN
from makeitso.protocol.events import RetryPlanned
from makeitso.scripted import Answer, Rule, Say, always, rules

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.scripted import Script

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

GOAL = "Spell the second line"
MANAGERS = ("codex", "api:gpt-5.5")


def says(text: str) -> Script:
    return rules(Rule(when=always, answer=Answer(items=(Say(text, phase="final_answer"),))))


def tasks(*after: str) -> str:
    """A plan as a model gives it; each task comes after the one named."""
    return json.dumps(
        {
            "title": GOAL,
            "goal": GOAL,
            "tasks": [
                {
                    "id": f"T{number}",
                    "title": f"Task {number}",
                    "goal": "Do it.",
                    "files": [],
                    "checks": ["true"],
                    "after": [other],
                }
                for number, other in enumerate(after, start=1)
            ],
        }
    )


def test_a_bad_key_is_said_to_a_script_and_another_starts_anew(tmp_path: Path) -> None:
    with world(tmp_path, says("never"), files=FILES, manager=MANAGERS[1], key="another key") as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(1, "key", "CODEX_API_KEY")
        assert w.status()["state"] == "stopped"
        ended = w.mis("run", GOAL, "--yes", "--json").expect(1, "[manager] api_key_env")
        assert ended.lines[-1]["type"] == "run.ended", ended
        assert (ended.lines[-1]["state"], ended.lines[-1]["exit_code"]) == ("stopped", 1)
        assert w.read("poem.txt") == FILES["poem.txt"]


def test_no_key_at_all(tmp_path: Path) -> None:
    with world(tmp_path, says("never"), files=FILES) as w:
        w.extra["CODEX_API_KEY"] = ""
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(1, "CODEX_API_KEY")
        w.configure("api:gpt-5.5")
        w.mis("run", GOAL, "--yes").expect(1, "[manager] api_key_env")


@pytest.mark.parametrize(
    ("answer", "words", "state"),
    [
        (Answer(status=400, error="the model is asleep"), "the model is asleep", "failed"),
        (Answer(failed="server_error", error="the model fell over"), "fell over", "stopped"),
        (Answer(items=(Say("half a sen"),), cut=True), "stream", "stopped"),
    ],
    ids=["refused", "failed", "cut"],
)
def test_a_model_that_fails(tmp_path: Path, answer: Answer, words: str, state: str) -> None:
    with world(tmp_path, lambda view: answer, files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(1, words)
        assert w.status()["state"] == state
        assert len(w.server.views) <= 24, "it is tried again without end"
        tries = [e.attempt for e in w.of(RetryPlanned)]
        assert tries == ([] if state == "failed" else [1, 2])
        if state == "failed":
            w.mis("resume").expect(2, "no run is open")


def test_nobody_listens_to_a_manager_that_is_codex(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        with world(tmp_path, says("never"), files=FILES, manager="codex") as w:
            where = ("-c", f'workers.codex.base_url="{url}"', "-c", f'manager.base_url="{url}"')
            w.mis("run", GOAL, "--yes", *where).expect(1, "base_url")
            assert w.status()["state"] == "stopped"


@pytest.mark.parametrize("kind", MANAGERS)
def test_an_answer_that_is_no_plan(tmp_path: Path, kind: str) -> None:
    with world(tmp_path, says("I would rather sing."), files=FILES, manager=kind) as w:
        w.mis("run", GOAL, "--yes").expect(1, "received: I would rather sing.", "kind = ")
        assert len(w.server.views) == 2, "not retried once"
        kept = w.root / ".makeitso/artifacts" / w.run.id / "received.txt"
        assert kept.read_text() == "I would rather sing."
        assert not list((w.root / ".makeitso/plans").glob("*.plan.md"))
        assert w.status()["state"] == "failed"
        w.mis("plan", GOAL).expect(1, "I would rather sing.")


def test_a_plan_with_cycles(tmp_path: Path) -> None:
    with world(tmp_path, says(tasks("T2", "T1")), files=FILES, manager="api:gpt-5.5") as w:
        w.mis("run", GOAL, "--yes").expect(1, "goes in a circle: T1 after T2")
        assert len(w.server.views) == 2, "not retried once with the error"
        assert not w.run.tasks
        own = PLAN.replace("done when", "after: T1\n  - done when")
        w.mis("run", w.plan("own", own), "--yes").expect(2, "own.plan.md:")
        assert len(w.runs()) == 1, "a run that cannot begin is recorded"


def test_a_worker_that_changes_nothing(tmp_path: Path) -> None:
    with world(tmp_path, says("Done, trust me."), files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(1, "without a new difference")
        assert w.status()["state"] == "failed"
        rounds = [c.passed for c in w.task().checks if c.where == "round"]
        assert rounds == [False] * len(rounds)
