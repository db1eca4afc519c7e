"""`mis` as a process of its own, with a home directory of its own, with or without a terminal."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from unittest import mock

from makeitso.cli.main import main
from warm_start import start_mis, start_python

if TYPE_CHECKING:
    import signal

DEADLINE_S = 60.0


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> object:
        return json.loads(self.out)


@dataclass(frozen=True)
class Mis:
    """A person's machine: a home, and a workspace to stand in."""

    home: Path
    work: Path
    extra: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def env(self) -> dict[str, str]:
        return {
            **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "100",
            **self.extra,
        }

    def user_config(self, text: str) -> Path:
        path = self.home / "config/makeitso/config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def write(self, relative: str, text: str) -> Path:
        path = self.work / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def __call__(self, *args: str, python: tuple[str, ...] = ()) -> Ended:
        """Run `mis` to its end, or with `python` another program of that Python."""
        with TemporaryDirectory() as made:
            out, err = Path(made, "out"), Path(made, "err")
            start = start_python if python else start_mis
            process = start((*python, *args), cwd=self.work, env=self.env, out=out, err=err)
            try:
                code = process.wait(DEADLINE_S)
            finally:
                process.kill()
            return Ended(code, out.read_text("utf-8"), err.read_text("utf-8"))

    def inside(self, *args: str) -> Ended:
        """Run in this process, which has loaded everything already: a twentieth of the time.

        For what one test asks many times; that it is so as a process, too, another test says.
        """
        there, out, err = Path.cwd(), io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.env, clear=True),
            Path(os.devnull).open(encoding="utf-8") as nothing,
            mock.patch.object(sys, "stdin", nothing),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            os.chdir(self.work)
            try:
                code = main(args)
            finally:
                os.chdir(there)
        return Ended(code, out.getvalue(), err.getvalue())

    def on_terminal(self, *args: str, until: str, answer: str | signal.Signals) -> Ended:
        """Run on a terminal; once `until` is on it, type `answer` or send the signal.

        The terminal shows stdout and stderr together; `Ended.out` holds what it showed.
        """
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "makeitso", *args],
            cwd=self.work,
            env={**self.env, "TERM": "xterm"},
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
        )
        os.close(follower)
        shown, answered = b"", False
        end = time.monotonic() + DEADLINE_S
        try:
            while time.monotonic() < end:
                ready, _, _ = select.select([leader], [], [], 1.0)
                if ready:
                    try:
                        piece = os.read(leader, 65536)
                    except OSError:  # the other side is closed: the process ended
                        break
                    if not piece:
                        break
                    shown += piece
                if not answered and until.encode() in shown:
                    answered = True
                    if isinstance(answer, str):
                        os.write(leader, answer.encode())
                    else:
                        process.send_signal(answer)
            code = process.wait(timeout=DEADLINE_S)
        finally:
            os.close(leader)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait(timeout=DEADLINE_S)
        return Ended(code, shown.decode().replace("\r\n", "\n"), "")


def mis_in(tmp_path: Path, **extra: str) -> Mis:
    """A machine with an empty home and an empty git repository."""
    (tmp_path / "home").mkdir()
    work = tmp_path / "wörk place"
    work.mkdir()
    (work / ".git").mkdir()
    return Mis(tmp_path / "home", work, dict(extra))
