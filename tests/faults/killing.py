"""Runs that are killed at named points and taken up again, and what must hold afterwards."""

from __future__ import annotations

import contextlib
import signal
from collections import Counter
from typing import TYPE_CHECKING

from e2e.harness import world
from e2e.stories import CHECK, FILES, POEM, change
from makeitso.protocol import events as ev
from makeitso.scripted import Answer, RequestView, Run, Say
from makeitso.store.outputs import fetch
from makeitso.wiring.faults import FAULT_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from e2e.harness import Ended, World
    from makeitso.scripted import Script

PLAN_PATH = "job.plan.md"
PLAN = f"""# The poem counts in words

Lines 2 and 30 of `poem.txt` are spelled out.

- [ ] **T1** Spell the second and the thirtieth line
  - files: `poem.txt`
  - done when: `{CHECK}` (was: failing)
"""
LANDED = POEM.replace("line 2\n", "line two\n").replace("line 30\n", "line thirty\n")
SAID = "the-worker-says-this"
CONFIG = '[bootstrap]\ncommands = ["true"]\n'


def worker() -> Script:
    """Puts something out, changes two places, says that it is done; from scratch or half-way."""

    def done(view: RequestView, name: str, mark: str) -> bool:
        tried = [call for call in view.calls if call.key.startswith(name)]
        return mark in view.last_user_text or any(call.succeeded for call in tried)

    def script(view: RequestView) -> Answer:
        fresh = len(view.calls)
        if not done(view, "say", "+line"):
            return Answer(
                items=(Run(f"echo {SAID}; echo error: of no pattern >&2", f"say-{fresh}"),)
            )
        if not done(view, "two", "+line two"):
            return Answer(items=(change("line 2", "line two", call=f"two-{fresh}"),))
        if not done(view, "thirty", "+line thirty"):
            return Answer(items=(change("line 30", "line thirty", call=f"thirty-{fresh}"),))
        return Answer(items=(Say("Both lines are spelled out.", phase="final_answer"),))

    return script


@contextlib.contextmanager
def workplace(top: Path) -> Generator[World]:
    """A world with the job's plan in it, and no trace of ours in the repository."""
    files = {**FILES, PLAN_PATH: PLAN}
    with world(top, worker(), files=files, config=CONFIG) as w:
        yield w


def killed(w: World, at: str, *args: str) -> None:
    """Run `mis`, which must die at a point: else the fault was never there."""
    __tracebackhide__ = True
    ended = w.start(*args, env={FAULT_VARIABLE: at}).wait()
    assert ended.code == -signal.SIGKILL, f"{at} never fired\n{ended}"


def taken_up(w: World) -> Ended:
    """Go on after a kill as an unattended machine would, to the end."""
    if not w.runs():
        return w.mis("run", PLAN_PATH, "--yes").expect(0)
    if w.run.finished is not None:
        return w.mis("resume").expect(2, "no run is open")
    return w.mis("resume", "--yes").expect(0, "done")


def untouched(w: World) -> dict[str, bytes]:
    """What of the person's repository no run may change."""
    state = w.box.state()
    return {key: state[key] for key in ("index", "head", "refs")}


def holds(w: World, before: dict[str, bytes]) -> None:
    """Check everything that must be true of a run that came to its end."""
    __tracebackhide__ = True
    w.until_quiet()
    w.chain_is_whole()
    run = w.run
    assert run.finished is not None
    assert run.finished.state == "done"
    assert w.read("poem.txt") == LANDED
    assert "- [x] **T1**" in w.read(PLAN_PATH)
    assert untouched(w) == before
    assert w.box.text("worktree", "list").count("\n") == 0, "a worktree is left"
    assert not list((w.root / ".makeitso/landing").glob("*")), "a landing is left"
    _each_thing_once(w)
    _no_output_lost(w)


def _each_thing_once(w: World) -> None:
    events = w.events()
    passed = Counter(
        (event.task, event.phase)
        for event in events
        if isinstance(event.data, ev.PhaseEnded) and event.data.state == "passed"
    )
    assert all(count == 1 for count in passed.values()), passed
    void = {data.id for data in w.of(ev.ApprovalVoided)}
    asked = Counter(
        (data.kind, data.digest) for data in w.of(ev.ApprovalAsked) if data.id not in void
    )
    assert all(count == 1 for count in asked.values()), asked
    landed = Counter(
        hunk for data in w.of(ev.LandingEnded) if not data.error for hunk in data.landing.landed
    )
    assert len(landed) == 2
    assert all(count == 1 for count in landed.values()), landed
    for kind in (ev.RunCreated, ev.TaskEnded, ev.RunFinished):
        assert len(w.of(kind)) == 1, kind
    started = sum(1 for event in events if isinstance(event.data, ev.TurnStarted))
    assert started == len(w.of(ev.TurnEnded)), "a turn has no end"


def _no_output_lost(w: World) -> None:
    """Every stretch is what was recorded, and every byte that was captured is in a stretch."""
    artifacts = w.root / ".makeitso/artifacts"
    ends = [*w.of(ev.TurnEnded), *w.of(ev.WorkerEnded)]
    refs = [ref for data in ends for ref in data.outputs]
    for ref in refs:
        fetch(artifacts, ref)
    covered: dict[str, int] = {}
    for ref in sorted(refs, key=lambda ref: (ref.path, ref.offset)):
        assert ref.offset == covered.get(ref.path, 0), f"a gap before {ref}"
        covered[ref.path] = ref.offset + ref.length_bytes
    files = artifacts.glob("*/*/output/*.log")
    sizes = {path.relative_to(artifacts).as_posix(): path.stat().st_size for path in files}
    assert {path: size for path, size in sizes.items() if size} == covered
    stdout = (artifacts / w.run.id / "T1/output/stdout.log").read_text("utf-8")
    assert SAID in stdout, f"{stdout!r}\n{w.of(ev.CommandRan)}"
