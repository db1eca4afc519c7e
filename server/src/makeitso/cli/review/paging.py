"""Differences as a person likes to see them: through their `interactive.diffFilter` and pager."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.cli.console import visible
from makeitso.workspace.git_tools import pager, setting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.cli.console import Console
    from makeitso.protocol.change import Hunk
    from makeitso.workspace.git import Repository

FILTER_S = 20.0
"""Longest that a filter may take for one hunk."""
_COLOURS = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"}
_HEAD = "\x1b[1m"
_PLAIN = "\x1b[m"


@dataclass
class DiffFilter:
    """`interactive.diffFilter`, until it gives back what does not fit.

    As in `git add -p` it gets the coloured difference and must give back as many lines, or nobody
    could say which line is which.
    """

    repo: Repository
    console: Console
    _command: str | None = field(default=None, init=False)

    def show(self, hunk: Hunk) -> bool:
        """Show a hunk through the filter; False: there is none, or it does not work."""
        if self._command is None:
            self._command = setting(self.repo, "interactive.diffFilter")
        if not self._command:
            return False
        lines = coloured(hunk)
        reason = ""
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", self._command],
                input="".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass"),
                stdout=subprocess.PIPE,
                timeout=FILTER_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            reason = f"did not end within {FILTER_S:.0f} s"
        else:
            shown = done.stdout.decode("utf-8", "replace").splitlines()
            if done.returncode != 0:
                reason = f"ended with {done.returncode}"
            elif len(shown) != len(lines):
                reason = f"gave {len(shown)} lines for {len(lines)}"
            else:
                self.console.raw(shown)
                return True
        self.console.note(
            f"interactive.diffFilter `{self._command}` {reason}; hunks are shown without it",
            style="yellow",
        )
        self._command = ""
        return False


def coloured(hunk: Hunk) -> list[str]:
    """A hunk as git prints it on a terminal, its file's header with it.

    What hides in its text is spelled, so that all that is obeyed is what we or the filter wrote.
    """
    path = visible(hunk.path)
    head = [f"diff --git a/{path} b/{path}", f"--- a/{path}", f"+++ b/{path}"]
    lines = [f"{_HEAD}{line}{_PLAIN}" for line in head]
    for line in hunk.diff.removesuffix("\n").split("\n"):
        text = visible(line)
        colour = _COLOURS.get(line[:1], "")
        lines.append(f"{colour}{text}{_PLAIN}" if colour else text)
    return lines


def page(repo: Repository, console: Console, lines: Sequence[str]) -> None:
    """Write lines to stdout, on a terminal through the person's pager."""
    text = "".join(f"{line}\n" for line in lines)
    command = pager(repo) if sys.stdout.isatty() and not console.as_json else ""
    if command:
        env = {"LESS": "FRX", "LV": "-c", **os.environ}
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            input=text.encode("utf-8", "surrogatepass"),
            env=env,
            check=False,
        )
        if done.returncode not in (126, 127):
            return
        console.note(f"the pager `{command}` cannot be started", style="yellow")
    sys.stdout.write(text)
    sys.stdout.flush()
