"""A key that is refused, an endpoint that is gone: the run is put down, and a resume goes on."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING

import pytest

from codex_fixtures import KEY, MODEL
from e2e.harness import DEADLINE_S, world
from e2e.stories import CHECK, FILES, PLAN, by_task, change, spell, work
from makeitso.protocol.events import LandingEnded, PlanMade, RunPaused, TurnEnded, TurnStarted
from makeitso.scripted import Answer, Say

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import Ended, World
    from makeitso.scripted import RequestView

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

GOAL = "Spell the second line"
DRAFT = json.dumps(
    {
        "title": GOAL,
        "goal": GOAL,
        "tasks": [
            {
                "id": "T1",
                "title": GOAL,
                "goal": "Line 2 says line two.",
                "files": ["poem.txt"],
                "checks": [CHECK],
                "after": [],
            }
        ],
    }
)
VERDICT = json.dumps({"verdict": "done", "instructions": "", "note": "Good.", "wait_s": 0})
LIMITED = Answer(status=429, error="You exceeded your current quota, check your plan.")
NO_MODEL = Answer(status=404, error="The model does not exist.")
LANE = pytest.mark.faults
"""Differs in what another one holds already: not in the usual suite."""


class Endpoint:
    """A model that works, and answers part of the requests with an outage while there is one.

    Attributes:
        outage: what it answers instead; None: it is over.
        to: whom it answers so: `worker`, `plan` or `judge`.
    """

    def __init__(self, outage: Answer | None, to: str) -> None:
        self.outage, self.to = outage, to
        self._work = spell()

    def __call__(self, view: RequestView) -> Answer:
        asks = "worker"
        if view.schema is not None:
            asks = "judge" if "verdict" in json.dumps(view.schema) else "plan"
        if self.outage is not None and asks == self.to:
            return self.outage
        if asks == "worker":
            return self._work(view)
        return Answer(items=(Say(VERDICT if asks == "judge" else DRAFT, phase="final_answer"),))


def stands_still(w: World, ended: Ended, *words: str) -> None:
    """The run was put down, not failed: said with the way out, nothing lost, nothing left over."""
    __tracebackhide__ = True
    ended.expect(1, "mis resume", *words)
    status = w.status()
    assert status["state"] == "stopped", ended
    assert words[0] in str(status["reason"])
    assert [p.error is not None for p in w.of(RunPaused)][-1]
    w.until_quiet()


def goes_on(w: World) -> None:
    """Put right, the run is taken up and done, everything once."""
    __tracebackhide__ = True
    w.mis("resume", "--yes").expect(0, "done")
    assert w.read("poem.txt") == FILES["poem.txt"].replace("line 2\n", "line two\n")
    assert len([e for e in w.of(LandingEnded) if not e.error]) == 1
    assert len(w.of(PlanMade)) == 1


@pytest.mark.parametrize(
    ("outage", "words"),
    [
        (LIMITED, ("429", "another key")),
        (NO_MODEL, ("does not exist", "[workers.codex] model")),
    ],
    ids=["429", "model"],
)
def test_the_workers_model_is_out(tmp_path: Path, outage: Answer, words: tuple[str, ...]) -> None:
    endpoint = Endpoint(outage, "worker")
    with world(tmp_path, endpoint, files=FILES) as w:
        ended = w.mis("run", w.plan("spell", PLAN), "--yes")
        stands_still(w, ended, *words)
        if outage is NO_MODEL:
            assert ended.err.count("does not exist") == 1, "a reason is said again and again"
        asked = len(w.server.views)
        assert asked <= 6, "it is tried again without end"
        # Not put right: as before, and again in bounded time.
        stands_still(w, w.mis("resume", "--yes"), *words)
        assert asked < len(w.server.views) <= 12
        endpoint.outage = None
        goes_on(w)


@pytest.mark.parametrize(
    ("kind", "to"),
    [
        ("codex", "judge"),
        ("api:gpt-5.5", "plan"),
        pytest.param("codex", "plan", marks=LANE),
        pytest.param("api:gpt-5.5", "judge", marks=LANE),
    ],
)
def test_the_managers_model_is_out(tmp_path: Path, kind: str, to: str) -> None:
    endpoint = Endpoint(NO_MODEL, to)
    with world(tmp_path, endpoint, files=FILES, manager=kind) as w:
        stands_still(w, w.mis("run", GOAL, "--yes"), "model", "[manager]")
        assert w.run.goal == GOAL
        turns = len(w.of(TurnStarted))
        assert turns == (0 if to == "plan" else 1)
        endpoint.outage = None
        goes_on(w)
        assert len(w.of(TurnStarted)) == 1, "the worker was sent again for nothing"


@pytest.mark.parametrize("kind", ["none", "codex", pytest.param("api:gpt-5.5", marks=LANE)])
def test_the_key_is_refused(tmp_path: Path, kind: str) -> None:
    with world(tmp_path, Endpoint(None, ""), files=FILES, manager=kind) as w:
        start = GOAL if kind != "none" else w.plan("spell", PLAN)
        w.extra["CODEX_API_KEY"] = "not the key"
        ended = w.mis("run", start, "--yes")
        stands_still(
            w,
            ended,
            "key" if kind != "none" else "401",
            "CODEX_API_KEY" if kind == "none" else "api_key_env",
        )
        assert not w.server.views
        w.extra["CODEX_API_KEY"] = KEY
        goes_on(w)


@pytest.mark.parametrize("kind", ["none", "api:gpt-5.5"])
def test_nobody_answers_at_the_address(tmp_path: Path, kind: str) -> None:
    with world(tmp_path, Endpoint(None, ""), files=FILES, manager=kind) as w, socket.socket() as s:
        s.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port
        start = GOAL if kind != "none" else w.plan("spell", PLAN)
        config = w.home / ".config/makeitso/config.toml"
        works = config.read_text()
        nowhere = f"127.0.0.1:{s.getsockname()[1]}"
        config.write_text(works.replace(f"127.0.0.1:{w.server.port}", nowhere))
        stands_still(w, w.mis("run", start, "--yes"), "", "base_url")
        config.write_text(works)
        goes_on(w)


def test_another_manager_takes_over_where_the_first_was_not_known(tmp_path: Path) -> None:
    class Picky(Endpoint):
        def __call__(self, view: RequestView) -> Answer:
            known = view.model in ("right", MODEL)
            return super().__call__(view) if known else NO_MODEL

    with world(tmp_path, Picky(None, ""), files=FILES, manager="api:wrong") as w:
        stands_still(w, w.mis("run", GOAL, "--yes"), "'wrong'")
        w.configure("api:right")
        w.mis("resume", "--yes").expect(0, "managed by api:right", "done")


TWO = """# Two lines

Two lines are spelled out.

- [ ] **first** Spell the second line
  - files: `poem.txt`
  - done when: `sh check.sh`

- [ ] **other** Spell the end
  - files: `poem.txt`
  - done when: `sh end.sh`
"""


def test_what_others_do_comes_to_its_end_before_the_run_is_put_down(tmp_path: Path) -> None:
    here: list[World] = []
    out = True

    def first(view: RequestView) -> Answer:
        return NO_MODEL if out else spell()(view)

    def known() -> bool:
        return any(e.type == "worker.ended" and e.task == "first" for e in here[0].events())

    def other(view: RequestView) -> Answer:
        until = time.monotonic() + DEADLINE_S
        while not known():  # what is begun now would be begun after the outage is known
            assert time.monotonic() < until
            time.sleep(0.05)
        return work(change("line 40", "line forty"))(view)

    script = by_task(second=first, end=other)
    files = {**FILES, "end.sh": "grep -q 'line forty' poem.txt\n"}
    with world(tmp_path, script, files=files) as w:
        here.append(w)
        ended = w.mis("run", w.plan("two", TWO), "--yes")
        stands_still(w, ended, "does not exist")
        assert w.task("first").phases["task"].state == "running"
        assert w.task("other").phases["task"].state == "passed"
        assert w.task("other").phases["verify"].state == "pending", "more was begun"
        assert [t.status for t in w.of(TurnEnded)].count("completed") == 1
        out = False
        w.mis("resume", "--yes").expect(0, "done")
        assert "line two\n" in w.read("poem.txt")
        assert "line forty\n" in w.read("poem.txt")
