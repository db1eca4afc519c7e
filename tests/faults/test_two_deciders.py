"""Two processes decide the same thing at once: the first decision holds, and the other is told."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from faults.invariants import holds, never_twice, untouched
from faults.jobs import ONE_TASK, RUN, workplace
from makeitso.protocol import events as ev
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal

if TYPE_CHECKING:
    from typing import IO

    from e2e.harness import World

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]

ASKING = (*RUN, "--halt-on", "write_files")
DECIDER = Path(__file__).with_name("decider.py")
DECISIONS, MARKS = 44, 6
"""Interleavings in the lane: 50 with a seed each, and those of whole commands."""


class Deciding:
    """A process that decides when it is told to."""

    def __init__(self, w: World, who: str, steps: list[dict[str, object]]) -> None:
        self.who = who
        self.process = subprocess.Popen(
            [sys.executable, str(DECIDER), who, json.dumps(steps)],
            cwd=w.root,
            env=w.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.to = cast("IO[str]", self.process.stdin)
        self.back = cast("IO[str]", self.process.stdout)

    def ready(self) -> None:
        assert self.back.readline() == "ready\n", f"{self.who} is not there"

    def go(self) -> None:
        self.to.write("go\n")
        self.to.flush()

    def answer(self) -> str:
        return str(json.loads(self.back.readline()))

    def end(self) -> None:
        self.to.close()
        assert self.process.wait(60) == 0
        self.back.close()


def questions(w: World, count: int) -> list[str]:
    """Put open questions into the journal of the newest run."""
    run = w.run.id
    journal = Journal(w.root / ".makeitso/journal.db", clock=SystemClock(), client="test")
    ids = [f"q{number}" for number in range(count)]
    for name in ids:
        asked = ev.ApprovalAsked(id=name, kind="command", subject=f"run {name}", digest=name)
        journal.append(asked, actor="engine", run=run)
    journal.close()
    return ids


def at_once(w: World, chance: random.Random, steps: list[dict[str, object]]) -> list[list[str]]:
    """Let two processes do each step at the same time, as a seed staggers them; their answers."""

    def plan() -> list[dict[str, object]]:
        return [
            {**step, "grant": chance.random() < 0.5, "after_ms": chance.choice((0, 0, 1, 2, 4))}
            for step in steps
        ]

    both = [Deciding(w, who, plan()) for who in ("ada", "bea")]
    answers: list[list[str]] = []
    for _ in steps:
        for one in both:
            one.ready()
        for one in chance.sample(both, 2):
            one.go()
        answers.append([one.answer() for one in both])
    for one in both:
        one.end()
    return answers


def test_the_first_decision_holds(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    every = pytestconfig.getoption("faults")
    decisions, marks = (DECISIONS, MARKS) if every else (6, 2)
    chance = random.Random(3)
    with workplace(tmp_path) as w:
        before = untouched(w)
        w.mis(*ASKING).expect(3)
        names = questions(w, decisions)
        decided = at_once(w, chance, [{"do": "decide", "id": name} for name in names])
        winners: list[str] = []
        for name, said in zip(names, decided, strict=True):
            won = [n for n, text in enumerate(said) if text.startswith("decided ")]
            assert len(won) == 1, said
            winner, (loser,) = said[won[0]], [said[n] for n in (0, 1) if n not in won]
            _, state, _, who = winner.split()
            assert loser.startswith(f"StateError: {name} is already {state} by {who}"), said
            approval = w.run.approvals[name]
            assert (approval.state, approval.who) == (state, who)
            winners.append(who)
        if every:
            assert set(winners) == {"ada", "bea"}, "one of the two was never first"
        never_twice(w.events())
        hunks = list(w.task().hunks)
        marked = at_once(w, chance, [{"do": "mark", "hunks": hunks}] * marks)
        assert all(said == ["marked", "marked"] for said in marked), marked
        assert len(w.of(ev.HunkMarked)) == 2 * marks
        last = w.of(ev.HunkMarked)[-1].mark
        assert set(w.task().hunks.values()) == {last}, "the last mark holds, for every hunk"
        if last == "rejected":
            w.mis("review", "accept", "--all").expect(0)
        if w.run.finished is None:
            w.mis("resume", "--yes").expect(0)
        holds(w, ONE_TASK, before)


PAIRS = (
    (("review", "accept", "--all"), ("review", "accept", "--all")),
    (("approve", "{approval}"), ("approve", "--deny", "{approval}")),
    (("approve", "{approval}"), ("review", "accept", "--all")),
    (("review", "accept", "--all"), ("stop",)),
    (("resume", "--yes"), ("review", "accept", "--all")),
    (("resume", "--yes"), ("resume", "--yes")),
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "pair" in metafunc.fixturenames:
        tried = PAIRS if metafunc.config.getoption("faults") else PAIRS[1:2]
        names = [" | ".join(" ".join(args[:2]) for args in pair) for pair in tried]
        metafunc.parametrize("pair", tried, ids=names)


def test_two_commands_at_once(tmp_path: Path, pair: tuple[tuple[str, ...], ...]) -> None:
    with workplace(tmp_path) as w:
        before = untouched(w)
        w.mis(*ASKING).expect(3)
        asked = w.pending("change")
        filled = [tuple(asked if arg == "{approval}" else arg for arg in args) for args in pair]
        for one in [w.start(*args) for args in filled]:
            ended = one.wait().sane()
            assert ended.code in (0, 1, 2, 3, 130), ended
            assert ended.code in (0, 3) or ended.err.strip(), "the other was not told"
        w.until_quiet()
        never_twice(w.events())
        w.chain_is_whole()
        decided = w.run.approvals[asked]
        if decided.state == "denied":
            assert w.run.finished is not None or w.mis("resume", "--yes").code in (0, 1)
            assert w.read("poem.txt") == ONE_TASK.files["poem.txt"]
            return
        if w.run.finished is None:
            w.mis("review", "accept", "--all")
        if w.run.finished is None:
            w.mis("resume", "--yes").expect(0)
        holds(w, ONE_TASK, before)
