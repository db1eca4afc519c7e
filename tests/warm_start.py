"""`mis` as a process that need not load first: forked from one that has loaded everything.

It is a process of its own like any other: a session, a pid, signals, a working directory, files
for what it says. Only that it was loaded by its parent tells it apart, and saves most of the time
of a short call. With `MIS_TEST_STARTS=cold` each is started as a person's shell starts it, as
`make e2e` does, and so it is where forking a loaded process is not safe.
"""

from __future__ import annotations

import contextlib
import gc
import io
import multiprocessing
import os
import pkgutil
import signal
import subprocess
import sys
import warnings
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

import makeitso
from makeitso.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.context import ForkServerContext

COLD = "MIS_TEST_STARTS"
LEFT_OUT = ("makeitso.lsp", "makeitso.demo", "makeitso.__main__", "makeitso.wiring.otlp")
"""What `mis` on a command line never loads, or only when it is used."""
HEAVY = ("openai", "openai.resources.responses")
"""What is loaded late and takes most of a second; where it is missing, it is passed over."""


class Forked:
    """A forked `mis`; as much of `subprocess.Popen` as tests use."""

    def __init__(
        self, args: Sequence[str], *, cwd: Path, env: Mapping[str, str], out: Path, err: Path
    ) -> None:
        said = (os.fspath(out), os.fspath(err))
        self._process = _loaded().Process(
            target=_run, args=(tuple(args), os.fspath(cwd), dict(env), said), daemon=False
        )
        with warnings.catch_warnings():
            # It shares nothing that the tracker of shared things would have to clear away.
            warnings.filterwarnings("ignore", "resource_tracker: process died")
            self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("mis", timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


Started: TypeAlias = "Forked | subprocess.Popen[bytes]"


def start_mis(
    args: Sequence[str], *, cwd: Path, env: Mapping[str, str], out: Path, err: Path
) -> Started:
    """Start `mis`, the head of a session of its own, with nothing to read."""
    if warm(env):
        return Forked(args, cwd=cwd, env=env, out=out, err=err)
    return start_python(("-m", "makeitso", *args), cwd=cwd, env=env, out=out, err=err)


def start_python(
    args: Sequence[str], *, cwd: Path, env: Mapping[str, str], out: Path, err: Path
) -> subprocess.Popen[bytes]:
    """Start this Python in the same way, and not loaded."""
    with out.open("wb") as out_file, err.open("wb") as err_file:
        return subprocess.Popen(
            [sys.executable, *args],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out_file,
            stderr=err_file,
            start_new_session=True,
        )


def warm(env: Mapping[str, str]) -> bool:
    """Whether `mis` is forked.

    Not elsewhere than on Linux, where system libraries may hold threads; and not where Python
    itself is to start in another way than this one did: it has loaded what it found.
    """
    asked = sys.platform == "linux" and os.environ.get(COLD) != "cold"
    return asked and all(
        os.environ.get(name) == value for name, value in env.items() if name.startswith("PYTHON")
    )


@cache
def _loaded() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    found = pkgutil.walk_packages(makeitso.__path__, "makeitso.")
    ours = [module.name for module in found if not module.name.startswith(LEFT_OUT)]
    context.set_forkserver_preload([*ours, *HEAVY, "warm_models"])
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    with pytest.MonkeyPatch.context() as patch:  # it is not told the paths of this process
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        forkserver.ensure_running()
    return context


def _run(args: tuple[str, ...], cwd: str, env: dict[str, str], said: tuple[str, str]) -> None:
    """Be `mis`, in the forked process."""
    gc.freeze()  # to collect would copy all that was loaded
    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for number, path in enumerate((os.devnull, *said)):
        new = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(new, number, inheritable=True)
        os.close(new)
    sys.stdin = _text(0, "r", "surrogateescape")
    sys.stdout = _text(1, "w", "surrogateescape")
    sys.stderr = _text(2, "w", "backslashreplace")
    sys.stderr.reconfigure(line_buffering=True)
    sys.argv = ["mis", *args]
    sys.exit(main())


def _text(number: int, mode: str, errors: str) -> io.TextIOWrapper:
    """A standard stream as Python makes it where the locale is C.UTF-8."""
    file = os.fdopen(number, f"{mode}b", closefd=False)
    return io.TextIOWrapper(file, encoding="utf-8", errors=errors)
