"""Children that daemonise or leave the session: gone after the end, an interrupt, and a kill -9."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import anyio
import pytest

from codex_fixtures import long_sleep, until_gone
from e2e.harness import world
from e2e.stories import FILES, POEM, change
from makeitso.protocol import events as ev
from makeitso.scripted import Answer, RequestView, Run, Say

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World
    from makeitso.scripted import Script

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]

PLAN = """# The poem counts in words

Line 2 says two.

- [ ] **T1** Spell the second line
  - files: `poem.txt`
  - done when: `sh check.sh`
"""


def litter(nap: str) -> str:
    """A shell line that leaves a grandchild, a child in a session of its own, and a daemon."""
    program = nap.replace("sleep", "/bin/sleep")
    child = f"({program} >/dev/null 2>&1 &)"
    session = f"(setsid {program} >/dev/null 2>&1 &)"
    daemon = f"(setsid sh -c '(env -i setsid {program} &) ' >/dev/null 2>&1 &)"
    return f"{child}; {session}; {daemon}"


def worker(nap: str, *, hold: bool) -> Script:
    """Litters, then holds its turn or does the job."""

    def script(view: RequestView) -> Answer:
        littered = any(call.key.startswith("litter") for call in view.calls)
        if not littered and "interrupted" not in view.last_user_text:
            held = f"; {nap}" if hold else "; sleep 0.3"
            return Answer(items=(Run(f"{litter(nap)}{held}", "litter"),))
        if not any(call.succeeded for call in view.calls if call.key.startswith("patch")):
            key = f"patch-{len(view.calls)}"
            return Answer(items=(change("line 2", "line two", call=key),))
        return Answer(items=(Say("Spelled.", phase="final_answer"),))

    return script


def gone(w: World, nap: str) -> None:
    """Nothing with this very number in its command line is left on the whole machine."""
    w.until_quiet()
    anyio.run(until_gone, nap.partition(" ")[2])


def test_of_a_worker_after_its_end(tmp_path: Path) -> None:
    nap = long_sleep()
    with world(tmp_path, worker(nap, hold=False), files={**FILES, "check.sh": "true\n"}) as w:
        w.mis("run", w.plan("p", PLAN), "--yes").expect(0, "done")
        assert any("setsid" in data.command for data in w.of(ev.CommandRan))
        gone(w, nap)


def test_of_a_check_after_its_end(tmp_path: Path) -> None:
    nap = long_sleep()
    files = {**FILES, "check.sh": f"{litter(nap)}\nsleep 0.3\n"}
    with world(tmp_path, worker("sleep 0.01", hold=False), files=files) as w:
        w.mis("run", w.plan("p", PLAN), "--yes").expect(0, "done")
        assert len(w.of(ev.CheckRan)) >= 3
        gone(w, nap)


@pytest.mark.parametrize("end", ["interrupt", "kill"])
@pytest.mark.parametrize("whose", ["worker", "check"])
def test_after_we_are_ended(
    tmp_path: Path, whose: str, end: str, pytestconfig: pytest.Config
) -> None:
    if (whose, end) != ("worker", "kill") and not pytestconfig.getoption("faults"):
        pytest.skip("tried by `make faults`")
    nap = long_sleep()
    once = f"test -e {tmp_path / 'once'} && exit 0\n"
    check = f"{once}{litter(nap)}\n{nap}\n" if whose == "check" else "true\n"
    script = worker(nap if whose == "worker" else "sleep 0.01", hold=whose == "worker")
    with world(tmp_path, script, files={**FILES, "check.sh": check}) as w:
        running = w.start("run", w.plan("p", PLAN), "--yes")
        w.until_command(nap.partition(" ")[2], running)
        if end == "interrupt":
            running.ctrl_c()
            running.wait().expect(130)
        else:
            os.kill(running.process.pid, signal.SIGKILL)
            assert running.wait().code == -signal.SIGKILL
        gone(w, nap)  # of a kill too, before anybody takes the run up again
        (tmp_path / "once").touch()
        w.mis("resume", "--yes").expect(0, "done")
        gone(w, nap)
        assert w.read("poem.txt") == POEM.replace("line 2\n", "line two\n")
