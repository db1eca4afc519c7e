"""Calling a person who looks elsewhere: through the terminal, or else the desktop."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from makeitso.cli.console import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

TITLE = "makeitso"
DEADLINE_S = 3.0
_MOST_CHARS = 160
_KNOWS_9 = frozenset({"iTerm.app", "WezTerm", "ghostty"})
"""TERM_PROGRAM of terminals that show OSC 9 as a notification."""
_KNOWS_777 = ("rxvt", "foot")
"""Beginnings of TERM of terminals that show OSC 777; those built on VTE say so in VTE_VERSION."""


_TYPES = {"wezterm": "WezTerm", "iterm2": "iTerm.app", "ghostty": "ghostty"}
"""What terminals call themselves when tmux asks them, as the TERM_PROGRAM they set."""


def outside_tmux(env: Mapping[str, str]) -> dict[str, str]:
    """The variables as they are outside of tmux, which sets TERM and TERM_PROGRAM to its own.

    It is asked which terminal it is shown in; what it does not say stays as it is.
    """
    program = shutil.which("tmux")
    if not env.get("TMUX") or program is None:
        return dict(env)
    wanted = ["display-message", "-p", "#{client_termname} #{client_termtype}"]
    try:
        asked = subprocess.run(
            [program, *wanted],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=DEADLINE_S,
            check=False,
            env=dict(env),
        )
    except (OSError, subprocess.TimeoutExpired):
        return dict(env)
    name, _, kind = asked.stdout.strip().partition(" ")
    known = next((said for word, said in _TYPES.items() if kind.lower().startswith(word)), "")
    return {**env, **({"TERM": name} if name else {}), **({"TERM_PROGRAM": known} if known else {})}


def sequence(text: str, env: Mapping[str, str]) -> str:
    """The control sequence by which this terminal shows a notification; empty: it knows none.

    Args:
        text: what to say, one line.
        env: variables by which terminals say what they are.
    """
    shown = visible(" ".join(text.split())).replace(";", ",")[:_MOST_CHARS]
    term, program = env.get("TERM", ""), env.get("TERM_PROGRAM", "")
    if term.startswith(_KNOWS_777) or env.get("VTE_VERSION"):
        body = f"\x1b]777;notify;{TITLE};{shown}\x07"
    elif program in _KNOWS_9 or term in ("xterm-kitty", "xterm-ghostty") or env.get("WT_SESSION"):
        body = f"\x1b]9;{TITLE}: {shown}\x07"
    else:
        return ""
    if env.get("TMUX"):  # tmux hands through what is wrapped so, with ESC doubled
        escaped = body.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{escaped}\x1b\\"
    return body


def notify(text: str) -> None:
    """Call the person, if there is a terminal; failing to is no error."""
    if not sys.stderr.isatty():
        return
    told = sequence(text, outside_tmux(os.environ))
    if told:
        sys.stderr.write(told)
        sys.stderr.flush()
        return
    program = shutil.which("notify-send")
    if program and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        shown = visible(" ".join(text.split()))[:_MOST_CHARS]
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                [program, "--app-name", TITLE, "--", TITLE, shown],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=DEADLINE_S,
                check=False,
            )
