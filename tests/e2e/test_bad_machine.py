"""A disk that is full, a goal as long as a book, an interrupt in the middle of a landing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from codex_fixtures import long_sleep
from e2e.harness import DEADLINE_S, Ended, world
from e2e.stories import FILES, PLAN, change, spell, work
from makeitso.protocol.events import LandingEnded

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World

pytestmark = [pytest.mark.e2e, pytest.mark.codex]


def small_disk(w: World, megabytes: float, *args: str) -> Ended:
    """Run `mis` where `.makeitso` is a file system of this size, the run filling what is left.

    The mount exists only in a namespace of the process; what is in it is copied out at its end.
    """
    dot, aside = w.root / ".makeitso", w.top / "aside"
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no unshare here: a small file system cannot be mounted")
    probe = [unshare, "-rm", "mount", "-t", "tmpfs", "none", str(aside)]
    aside.mkdir(exist_ok=True)
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("unshare may not mount a tmpfs here: a full disk cannot be made")
    dot.mkdir(exist_ok=True)
    command = " ".join(f"'{part}'" for part in w.command(*args))
    script = (
        f"cp -a '{dot}/.' '{aside}' && mount -t tmpfs -o size={int(megabytes * 1024)}k none '{dot}'"
        f" && cp -a '{aside}/.' '{dot}' && cd '{w.root}' && {{ {command}; code=$?; "
        f"cp -a '{dot}/.' '{aside}'; exit $code; }}"
    )
    done = subprocess.run(
        [unshare, "-m", "sh", "-c", script],
        env=w.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    shutil.rmtree(dot)
    aside.rename(dot)
    return Ended(args, done.returncode, done.stdout, done.stderr).sane()


def test_the_disk_is_full_while_the_journal_is_written(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        plan = w.plan("spell", PLAN)
        ended = small_disk(w, 0.2, "run", plan, "--yes", "--json")
        ended.expect(1, "free some disk space, then `mis resume`")
        assert ended.lines[-1]["type"] == "run.ended"
        w.until_quiet()
        w.chain_is_whole()
        before = len(w.events())
        assert before > 3
        assert w.read("poem.txt") == FILES["poem.txt"]
        assert w.status()["state"] == "stopped"
        w.mis("resume", "--yes").expect(0, "done")
        assert w.read("poem.txt") == FILES["poem.txt"].replace("line 2\n", "line two\n")
        assert [e.seq for e in w.events()][:before] == list(range(1, before + 1))


def test_a_goal_of_100_kb(tmp_path: Path) -> None:
    goal = "Spell the second line. " + "Mind the metre, dear. " * 4700
    assert len(goal) > 100_000
    with world(tmp_path, work(change("line 2", "line two")), files=FILES) as w:
        w.mis("run", goal, "--yes").expect(0, "done")
        assert "line two\n" in w.read("poem.txt")
        assert any(goal[-1000:].strip() in text for v in w.server.views for text in v.user_texts)
        shown = w.mis("status", "--all").expect(0)
        assert len(shown.out) < 2000, "a status as long as a book"
        w.mis("run", "x" * 120_000 + " " + "y" * 1000).expect(3)
        assert w.mis("approve", "--deny", w.pending("plan"), "--because", "too long").code == 0
    big = tmp_path / "two"
    with world(big, spell(), files=FILES) as w:
        w.box.write("goal.txt", b"word " * 60_000)
        with (w.root / "goal.txt").open("rb") as source:
            done = subprocess.run(
                w.command("run", "-", "--yes"),
                cwd=w.root,
                env=w.env,
                stdin=source,
                capture_output=True,
                text=True,
                timeout=DEADLINE_S,
                check=False,
            )
        Ended(("run", "-"), done.returncode, done.stdout, done.stderr).expect(
            2, "the most is 200,000", "put the details into a file"
        )
        w.mis("run", "   ").expect(2, "the goal is empty")


def test_ctrl_c_while_it_lands(tmp_path: Path) -> None:
    """The check after the landing hangs; the interrupt finds the landing whole."""
    nap = long_sleep()
    check = f"grep -q 'line 2$' poem.txt && exit 1\n! grep -q mine poem.txt || {nap}\n"
    with world(tmp_path, spell(), files={**FILES, "check.sh": check}) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes", "--halt-on", "write_files").expect(3)
        (w.root / "poem.txt").write_text(FILES["poem.txt"].replace("line 40", "mine"))
        running = w.start("review", "accept", "--all")
        w.until_command(nap, running)
        running.ctrl_c()
        running.wait().expect(130)
        w.until_quiet()
        landed = FILES["poem.txt"].replace("line 2\n", "line two\n").replace("line 40", "mine")
        assert w.read("poem.txt") == landed
        (w.root / "poem.txt").write_text(landed.replace("mine", "yours"))
        w.mis("resume").expect(0)
        assert len(w.of(LandingEnded)) == 1
        assert w.read("poem.txt") == landed.replace("mine", "yours")


def test_sigterm_is_as_good_as_ctrl_c(tmp_path: Path) -> None:
    nap = long_sleep()
    files = {**FILES, "check.sh": f"{nap}\n"}
    with world(tmp_path, spell(), files=files) as w:
        running = w.start("run", w.plan("spell", PLAN), "--yes", "--json")
        w.until_command(nap, running)
        os.kill(running.process.pid, signal.SIGTERM)
        ended = running.wait().expect(130)
        assert (ended.lines[-1]["state"], ended.lines[-1]["exit_code"]) == ("stopped", 130)
