"""Which terminal is told of a notification how, and that a text cannot say more than text."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from makeitso.cli.notify import outside_tmux, sequence

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"TERM": "xterm", "TERM_PROGRAM": "WezTerm"}, "\x1b]9;makeitso: plan: go\x07"),
        ({"TERM": "xterm-kitty"}, "\x1b]9;makeitso: plan: go\x07"),
        ({"TERM": "foot"}, "\x1b]777;notify;makeitso;plan: go\x07"),
        ({"TERM": "xterm", "VTE_VERSION": "7600"}, "\x1b]777;notify;makeitso;plan: go\x07"),
        (
            {"TERM": "tmux-256color", "TERM_PROGRAM": "WezTerm", "TMUX": "/tmp/x"},
            "\x1bPtmux;\x1b\x1b]9;makeitso: plan: go\x07\x1b\\",
        ),
        ({"TERM": "linux"}, ""),
        ({"TERM": "dumb"}, ""),
        ({}, ""),
    ],
)
def test_each_terminal_is_told_in_its_way(env: dict[str, str], told: str) -> None:
    assert sequence("plan: go", env) == told


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_inside_tmux_it_is_known_which_terminal_shows_it(tmp_path: Path) -> None:
    """A real tmux shown in a pty that has a TERM of its own."""
    socket = str(tmp_path / "tmux")
    master, slave = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    env.pop("TMUX", None)
    shown = {**env, "TERM": "xterm-256color"}
    with subprocess.Popen(
        ["tmux", "-S", socket, "-f", "/dev/null", "new-session", "sh"],
        stdin=slave, stdout=slave, stderr=slave, env=shown, start_new_session=True,
    ) as tmux:  # fmt: skip
        try:
            inside = {**env, "TERM": "screen", "TERM_PROGRAM": "tmux", "TMUX": f"{socket},1,0"}
            end = time.monotonic() + 60
            while (found := outside_tmux(inside))["TERM"] == "screen":
                assert time.monotonic() < end, "tmux never said where it is shown"
                os.set_blocking(master, False)
                with contextlib.suppress(BlockingIOError):
                    os.read(master, 65536)
                time.sleep(0.05)
            assert found == {**inside, "TERM": "xterm-256color"}
        finally:
            subprocess.run(["tmux", "-S", socket, "kill-server"], check=False, env=env)
            tmux.wait(20)
            os.close(master)
            os.close(slave)
    assert outside_tmux({"TERM": "foot"}) == {"TERM": "foot"}
    assert outside_tmux(inside) == inside, "tmux is gone"


def test_text_of_others_is_text() -> None:
    told = sequence("a\x1b]0;title\x07b\nc;d" + "x" * 500, {"TERM": "foot"})
    inside = told.removeprefix("\x1b]777;notify;makeitso;").removesuffix("\x07")
    assert "\x1b" not in inside
    assert "\x07" not in inside
    assert ";" not in inside
    assert "\n" not in inside
    assert len(inside) <= 160
