"""What a person sees and is asked in a terminal, and what a script reads.

Results go to stdout, everything said about them to stderr, so that a pipe gets results only.
Colour follows the terminal and NO_COLOR. Text of others is shown as it is, never obeyed: control
and direction characters are made visible, and square brackets are no markup.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console as RichConsole

    from makeitso.errors import MisError

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)


RECEIVED_CHARS = 600
"""How much of an answer that made no sense is shown."""


def visible(text: str) -> str:
    r"""The text with control and direction characters written as `\x1b`, `\u202e`."""
    return _HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _style(wanted: str | None) -> str | None:
    """The style to print in: none where no colour is wanted, so that no bold is left over."""
    return None if os.environ.get("NO_COLOR") else wanted


@dataclass(frozen=True)
class Console:
    """Stdout and stderr of one command.

    Attributes:
        as_json: the command was asked for machine-readable output.
        always_yes: every prompt is answered with `y`, for everybody to see; the demo's.
    """

    as_json: bool = False
    always_yes: bool = False

    @cached_property
    def _out(self) -> RichConsole:
        from rich.console import Console as Rich

        return Rich(highlight=False, markup=False, emoji=False, soft_wrap=True)

    @cached_property
    def _err(self) -> RichConsole:
        from rich.console import Console as Rich

        return Rich(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)

    @property
    def interactive(self) -> bool:
        """Whether there is a person to ask: a terminal on both sides, and no script's output."""
        terminal = sys.stdin.isatty() and sys.stderr.isatty()
        return (terminal or self.always_yes) and not self.as_json

    def say(self, text: str = "", *, style: str | None = None) -> None:
        """Write a line of the result to stdout; nothing when the output is for a script."""
        if not self.as_json:
            self._out.print(visible(text), style=_style(style))

    def note(self, text: str, *, style: str | None = None) -> None:
        """Write a line about the result to stderr."""
        self._err.print(visible(text), style=_style(style))

    def ask(self, prompt: str) -> None:
        """Write a prompt to stderr and leave the cursor behind it."""
        self._err.print(visible(prompt), end="")
        sys.stderr.flush()

    def read(self, prompt: str) -> str | None:
        """The line a person types at a prompt, without its end; None at the end of input.

        One that was typed before the prompt was shown is its answer.
        Only to be called when `interactive`.
        """
        self.ask(prompt)
        if self.always_yes:
            self.note("y   (--yes)", style="bold")
            return "y"
        from makeitso.cli.typed import typed_line

        return typed_line(_heed_cancel)

    def error(self, text: str, *, hint: str = "") -> None:
        """Write what went wrong, and the way out, to stderr."""
        self.note(f"mis: {text}", style="bold red")
        if hint:
            self.note(f"     {hint}")

    def report(self, error: MisError, *, said: bool = False) -> int:
        """Say an expected error to a person and to a script; returns its exit code.

        Args:
            error: what went wrong.
            said: the person has read it already, with the way out.
        """
        if not said:
            self.error(error.message, hint=error.hint)
        received = error.data.get("received")
        if isinstance(received, str) and received:
            self.note(f"     received: {received[:RECEIVED_CHARS]}", style="dim")
        self.data(
            {
                "type": "error",
                "code": error.code,
                "message": error.message,
                "hint": error.hint,
                "data": error.data,
            }
        )
        return error.exit_code

    def data(self, value: object) -> None:
        """Write one JSON value as one line to stdout, when the output is for a script."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
            sys.stdout.flush()

    def diff(self, lines: Iterable[str]) -> None:
        """Write a unified diff in colours to stderr."""
        for line in lines:
            self.note(line.rstrip("\n"), style=_DIFF_STYLE.get(line[:1]))

    def raw(self, lines: Iterable[str]) -> None:
        """Write lines to stderr as they are: only what the person's own program made of a text."""
        for line in lines:
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def confirm(self, question: str) -> bool:
        """Ask a question to be answered with yes or no; no is the default, and the end of input.

        Only to be called when `interactive`.
        """
        answer = self.read(f"{question} [y/N] ")
        return (answer or "").strip().lower() in {"y", "yes"}


def _heed_cancel() -> None:
    """Leave a prompt that a run asked in a thread, once the run does not wait for it any more.

    A thread that blocks in a read would hold up the end of the program until Enter is pressed.
    """
    from anyio import from_thread

    with contextlib.suppress(RuntimeError):  # no run waits: a signal interrupts the main thread
        from_thread.check_cancelled()


_DIFF_STYLE = {"+": "green", "-": "red", "@": "cyan"}
