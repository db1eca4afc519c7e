"""The monitor over real managers: interrupted as workers are, asked again, or a person is."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from codex_fixtures import live_commands, long_sleep
from e2e.harness import world
from e2e.stories import FILES, PLAN, change, work
from e2e.test_managers_way import BUILD, GOAL, managed, mending
from makeitso.protocol.events import (
    ManagerAsked,
    ManagerJudged,
    MonitorInterrupted,
    TurnStarted,
    UsageCounted,
)
from makeitso.scripted import Answer, RequestView, Rule, Run, Say, Script, always, rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from e2e.harness import World

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

STALL = "[monitor]\nstall_timeout_s = 3\n"
DONE = json.dumps({"verdict": "done", "instructions": "", "note": "Good.", "wait_s": 0})


def hanging(script: Script, *, times: int) -> Script:
    """The same, but the first questions to the manager get no answer."""
    left = [times]

    def first(view: RequestView) -> bool:
        if view.schema_name is None or left[0] == 0:
            return False
        left[0] -= 1
        return True

    return rules(Rule(when=first, answer=Answer(hang_s=300)), Rule(when=always, answer=script))


def judging(*commands: str, again: Callable[[], bool] = lambda: True) -> Script:
    """A manager that runs these commands before it says done, as long as `again` says so."""

    def manager(view: RequestView) -> Answer:
        made = len(view.calls)
        if again() and made < len(commands):
            return Answer(items=(Run(commands[made], f"c{made}"),))
        return Answer(items=(Say(DONE, phase="final_answer"),))

    return rules(
        Rule(when=lambda view: view.schema_name is not None, answer=manager),
        Rule(when=always, answer=work(change("line 2", "line two"))),
    )


def causes(w: World) -> list[tuple[str, str]]:
    return [(found.who, found.cause) for found in w.of(MonitorInterrupted)]


@pytest.mark.parametrize("manager", ["codex", "api:gpt-5.5"])
def test_a_manager_that_hangs_over_the_plan_is_asked_again(tmp_path: Path, manager: str) -> None:
    script = hanging(managed(mending()), times=1)
    with world(tmp_path, script, files=BUILD, manager=manager, config=STALL) as w:
        w.mis("run", GOAL, "--yes").expect(
            0, "the manager is interrupted (stall)", "nothing came from the manager for 3 s"
        )
        assert [asked.intent for asked in w.of(ManagerAsked)] == ["PLAN", "PLAN", "EVAL"]
        assert causes(w) == [("manager", "stall")]
        assert w.read("settings.sh") == "STEPS=3\n"
        assert w.task().alarm is None, "the worker did nothing wrong"


def test_one_that_hangs_again_is_a_persons_to_decide(tmp_path: Path) -> None:
    script = hanging(managed(mending()), times=2)
    with world(tmp_path, script, files=BUILD, manager="codex", config=STALL) as w:
        w.mis("run", GOAL, "--yes").expect(3, "The manager was interrupted over the plan")
        assert not w.run.plan_path
        w.mis("approve", "--answer", "ask again", w.pending("question")).expect(0)
        w.mis("resume").expect(0, "The build is green.")
        assert len(w.of(ManagerAsked)) == 4


def test_a_person_may_stop_it_there(tmp_path: Path) -> None:
    script = hanging(managed(mending()), times=9)
    with world(tmp_path, script, files=BUILD, manager="codex", config=STALL) as w:
        w.mis("run", GOAL, "--yes").expect(3)
        w.mis("approve", "--answer", "stop", w.pending("question")).expect(0)
        w.mis("resume").expect(1, "stopped by")
        assert w.run.finished is not None
        assert w.run.finished.state == "failed"


def test_a_plan_alone_is_watched_too(tmp_path: Path) -> None:
    script = hanging(managed(mending()), times=1)
    with world(tmp_path, script, files=BUILD, manager="codex", config=STALL) as w:
        w.mis("plan", GOAL).expect(1, "the monitor interrupted the manager (stall")
        w.mis("plan", GOAL).expect(0)


def test_a_hanging_command_of_the_manager_is_gone_at_once(tmp_path: Path) -> None:
    nap = long_sleep()
    ran = [0]

    def again() -> bool:
        ran[0] += 1
        return ran[0] == 1

    with world(
        tmp_path, judging(nap, again=again), files=FILES, manager="codex", config=STALL
    ) as w:
        running = w.start("run", w.plan("spell", PLAN), "--yes")
        w.until_event("monitor.interrupted", running)
        noticed = time.monotonic()
        w.until(lambda _: not live_commands(nap), running)
        assert time.monotonic() - noticed < 5, "1 s on an idle machine"
        running.wait().expect(0, f"nothing came while `{nap}` ran")
        assert causes(w) == [("manager", "stall")]
        assert [judged.verdict for judged in w.of(ManagerJudged)] == ["done"]
        assert len(w.of(TurnStarted)) == 1, "the interrupt cost the worker a round"


def test_a_command_over_and_over_is_asked_about(tmp_path: Path) -> None:
    script = judging(*["grep -c nothing poem.txt"] * 3)
    with world(tmp_path, script, files=FILES, manager="codex") as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(
            3, "over T1 (loop)", "3 times in a row", "exit 1"
        )
        assert causes(w) == [("manager", "loop")]
        assert not w.of(ManagerJudged)
        spent = [usage.input_tokens for usage in w.of(UsageCounted) if usage.source == "manager"]
        assert sum(spent) >= 2000, "what an interrupted manager spent is counted"
        w.mis("approve", "--answer", "stop", w.pending("question")).expect(0)
        w.mis("resume").expect(1, "stopped by")
        assert w.task().ended == "failed"
        assert len(w.of(TurnStarted)) == 1
        assert w.task().change is not None, "what was done is kept"


def test_what_must_not_run_does_not_run_for_the_manager_either(tmp_path: Path) -> None:
    nap = long_sleep()
    config = '[monitor]\nenabled = false\ndangerous_regexes = ["^sleep 400"]\n'
    with world(tmp_path, judging(nap), files=FILES, manager="codex", config=config) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(3, "over T1 (danger)", "^sleep 400")
        assert not live_commands(nap)
        assert causes(w) == [("manager", "danger")]


def test_a_flood_from_the_manager_is_cut_off(tmp_path: Path) -> None:
    flood = f"yes {long_sleep()}"
    config = "[monitor]\nflood_bytes_per_turn = 200000\n"
    with world(tmp_path, judging(flood), files=FILES, manager="codex", config=config) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(3, "over T1 (flood)", "200,000 bytes")
        assert not live_commands(flood)
