"""`mis` on a terminal: a pty, an expected text, a key typed; in the order a person would."""

from __future__ import annotations

import os
import pty
import re
import select
import time
from typing import TYPE_CHECKING, Protocol

from e2e.harness import DEADLINE_S, Ended

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType


class Machine(Protocol):
    """Where a person sits: what they start is started from there."""

    @property
    def cwd(self) -> Path: ...

    @property
    def env(self) -> Mapping[str, str]: ...

    def command(self, *args: str) -> list[str]: ...


CTRL_C = "\x03"
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """A terminal with a `mis` in it; what was read once is not matched again."""

    def __init__(self, world: Machine, *args: str, env: Mapping[str, str] | None = None) -> None:
        self.args = args
        self.shown = ""
        self.raw = ""
        self._seen = 0
        pid, self._fd = pty.fork()
        if pid == 0:  # the child: a session of its own, the pty its controlling terminal
            try:
                os.chdir(world.cwd)
                command = world.command(*args)
                os.execve(command[0], command, {**world.env, "TERM": "xterm", **(env or {})})
            finally:
                os._exit(127)
        self.pid = pid
        self._code: int | None = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._code is None:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        os.close(self._fd)

    def expect(self, text: str) -> Terminal:
        """Wait until `text` is shown after what was expected before."""
        __tracebackhide__ = True
        end = time.monotonic() + DEADLINE_S
        while (at := self.shown.find(text, self._seen)) < 0:
            if not self._read(end):
                message = f"{text!r} was never shown\n{self.shown}"
                raise AssertionError(message)
        self._seen = at + len(text)
        return self

    def type(self, text: str) -> Terminal:
        """Type a line, or a control character as it is."""
        os.write(self._fd, text.encode() if text == CTRL_C else f"{text}\n".encode())
        return self

    def end(self) -> Ended:
        """Read until the program is gone."""
        end = time.monotonic() + DEADLINE_S
        while self._read(end):
            pass
        assert time.monotonic() < end, f"still running\n{self.shown}"
        _, status = os.waitpid(self.pid, 0)
        self._code = os.waitstatus_to_exitcode(status)
        return Ended(self.args, self._code, "", self.shown).sane()

    def _read(self, end: float) -> bool:
        """Take in what is there; False at the end of the terminal or of patience."""
        while time.monotonic() < end:
            ready, _, _ = select.select([self._fd], [], [], 0.5)
            if not ready:
                continue
            try:
                data = os.read(self._fd, 65536)
            except OSError:
                return False
            if not data:
                return False
            text = data.decode("utf-8", "replace").replace("\r\n", "\n")
            self.raw += text
            self.shown += _COLOUR.sub("", text)
            return True
        return False
