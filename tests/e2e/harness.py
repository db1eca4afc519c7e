"""A workspace, a scripted model and `mis` as processes: what every end-to-end test stands on.

The workspace, the home directory and all state of one world lie under one temporary directory, so
that anything left over (a process, a secret) can be looked for by that path.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

import psutil

import git_sandbox
from codex_fixtures import KEY, MODEL
from makeitso.journal.fold import fold_all
from makeitso.protocol.base import Wire
from makeitso.scripted import Script, ScriptedServer, serve
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal
from warm_start import start_mis

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from pathlib import Path

    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.events import Event

DEADLINE_S = 90.0
"""Generous: the machine may be busy. Nothing here takes longer than seconds on an idle one."""
POLL_S = 0.05
BUGS = ("Traceback (most recent", "sorry, this should not happen", "internal error")

Json = dict[str, object]
Data = TypeVar("Data", bound=Wire)


@dataclass(frozen=True)
class Ended:
    """How a `mis` ended."""

    args: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[Json]:
        """Stdout as one JSON array of objects."""
        return cast("list[Json]", json.loads(self.out))

    @property
    def value(self) -> Json:
        """Stdout as one JSON object."""
        return cast("Json", json.loads(self.out))

    @property
    def lines(self) -> list[Json]:
        """Stdout as JSON lines."""
        return [cast("Json", json.loads(line)) for line in self.out.splitlines()]

    def __str__(self) -> str:
        shown = " ".join(arg if len(arg) < 200 else f"{arg[:200]}…" for arg in self.args)
        return f"$ mis {shown}\n[exit {self.code}]\n--- out\n{self.out}\n--- err\n{self.err}"

    def expect(self, code: int, *words: str) -> Ended:
        """Check exit code, words anywhere in the output, and that nothing crashed."""
        __tracebackhide__ = True
        assert self.code == code, f"expected exit {code}\n{self}"
        said = " ".join((self.out + self.err).split())
        for word in words:
            assert word in said, f"{word!r} is not said\n{self}"
        self.sane()
        return self

    def sane(self) -> Ended:
        """Check that nothing crashed; a check's own output is prefixed and does not count."""
        for line in self.err.splitlines():
            if "│" not in line:
                assert not any(bug in line for bug in BUGS), f"{line!r}\n{self}"
        return self


class Running:
    """A `mis` under way, the head of a process group of its own."""

    def __init__(self, world: World, args: Sequence[str], env: Mapping[str, str]) -> None:
        self.args = tuple(args)
        number = len(list(world.logs.glob("*.out")))
        self._out = world.logs / f"{number}.out"
        self._err = world.logs / f"{number}.err"
        self.process = start_mis(args, cwd=world.cwd, env=env, out=self._out, err=self._err)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def peek(self) -> Ended:
        """What it has said so far."""
        code = self.process.poll()
        return Ended(
            self.args,
            -999 if code is None else code,
            self._out.read_text("utf-8", "replace"),
            self._err.read_text("utf-8", "replace"),
        )

    def ctrl_c(self) -> None:
        """What a terminal does: the signal goes to the whole foreground group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def wait(self, timeout_s: float = DEADLINE_S) -> Ended:
        """Wait for its end."""
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            said = self.peek()
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            message = f"still running after {timeout_s} s\n{said}"
            raise AssertionError(message) from None
        return self.peek()


@dataclass
class World:
    """One workspace with everything around it."""

    top: Path
    box: git_sandbox.Sandbox
    server: ScriptedServer
    extra: dict[str, str] = field(default_factory=dict[str, str])
    cwd: Path = field(init=False)

    def __post_init__(self) -> None:
        self.cwd = self.box.root
        for folder in (self.home, self.logs, self.tmp, self.xdg_tmp):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def root(self) -> Path:
        return self.box.root

    @property
    def home(self) -> Path:
        return self.top / "home"

    @property
    def logs(self) -> Path:
        return self.top / "logs"

    @property
    def tmp(self) -> Path:
        return self.top / "tmp"

    @property
    def xdg_tmp(self) -> Path:
        return self.top / "runtime"

    @property
    def state(self) -> Path:
        return self.home / ".local/state/makeitso"

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.tmp),
            "XDG_RUNTIME_DIR": str(self.xdg_tmp),
            "GIT_CONFIG_NOSYSTEM": "1",
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "120",
            "CODEX_API_KEY": KEY,
            **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
            **self.extra,
        }

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "makeitso", *args]

    def configure(self, manager: str = "none", more: str = "") -> None:
        """Write the person's own config: the scripted model for manager and worker."""
        path = self.home / ".config/makeitso/config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f'[manager]\nkind = "{manager}"\nbase_url = "{self.server.base_url}"\n'
            f'[workers.codex]\nmodel = "{MODEL}"\nbase_url = "{self.server.base_url}"\n{more}',
            "utf-8",
        )

    def start(self, *args: str, env: Mapping[str, str] | None = None) -> Running:
        """Start `mis` and go on."""
        return Running(self, args, {**self.env, **(env or {})})

    def mis(self, *args: str, env: Mapping[str, str] | None = None) -> Ended:
        """Run `mis` to its end; no crash is ever accepted."""
        return self.start(*args, env=env).wait().sane()

    def plan(self, name: str, text: str) -> str:
        """Write a plan document and return its path in the workspace."""
        path = self.root / ".makeitso/plans" / f"{name}.plan.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path.relative_to(self.root).as_posix()

    # -- what is true now -------------------------------------------------------------------

    def events(self) -> list[Event]:
        """The journal, read by this process."""
        path = self.root / ".makeitso/journal.db"
        if not path.exists():
            return []
        journal = Journal(path, clock=SystemClock(), client="test")
        try:
            return list(journal.read())
        finally:
            journal.close()

    def runs(self) -> dict[str, RunState]:
        return fold_all(self.events())

    @property
    def run(self) -> RunState:
        """The newest run."""
        return list(self.runs().values())[-1]

    def task(self, task_id: str = "T1") -> TaskState:
        return self.run.tasks[task_id]

    def of(self, kind: type[Data]) -> list[Data]:
        """What the events of a type say."""
        return [event.data for event in self.events() if isinstance(event.data, kind)]

    def pending(self, kind: str) -> str:
        """The id of the one open question of a kind, as a script learns it."""
        rows = self.mis("approve", "--list", "--json").expect(0).rows
        found = [str(row["id"]) for row in rows if row["kind"] == kind]
        assert len(found) == 1, rows
        return found[0]

    def hunks(self) -> list[Json]:
        """The hunks, as a script learns them."""
        return self.mis("review", "--json").expect(0).rows

    def status(self) -> Json:
        """The newest run, as a script learns it."""
        runs = cast("list[Json]", self.mis("status", "--json").expect(0).value["runs"])
        return runs[-1]

    def read(self, path: str) -> str:
        return (self.root / path).read_text("utf-8")

    def until(
        self, condition: Callable[[list[Event]], bool], running: Running | None = None
    ) -> list[Event]:
        """Wait until the journal satisfies `condition`; say everything when it never does."""
        __tracebackhide__ = True
        end = time.monotonic() + DEADLINE_S
        while True:
            alive = running is None or running.alive
            events = self.events()
            if condition(events):
                return events
            if not alive or time.monotonic() > end:
                said = "" if running is None else str(running.peek())
                shown = "\n".join(f"{e.seq} {e.task or ''} {e.data.type}" for e in events)
                message = f"the state was never reached\n{said}\n--- journal\n{shown}"
                raise AssertionError(message)
            time.sleep(POLL_S)

    def until_event(self, kind: str, running: Running | None = None, *, count: int = 1) -> None:
        """Wait until the journal has so many events of a type."""
        self.until(lambda all_: sum(e.data.type == kind for e in all_) >= count, running)

    def until_command(self, needle: str, running: Running) -> None:
        """Wait until a process of this world has `needle` in its command line."""
        self.until(lambda _: any(needle in line for _, line in self.strays()), running)

    # -- what may never be ------------------------------------------------------------------

    def strays(self) -> list[tuple[int, str]]:
        """Live processes that belong to this world: by directory, environment or command line."""
        found: list[tuple[int, str]] = []
        mark = str(self.top)
        for process in psutil.process_iter(["pid", "status"]):
            if process.pid == os.getpid() or process.info["status"] == psutil.STATUS_ZOMBIE:
                continue
            with contextlib.suppress(psutil.Error, OSError):
                line = " ".join(process.cmdline())
                if mark in line or mark in process.cwd() or mark in str(process.environ()):
                    found.append((process.pid, line))
        return found

    def until_quiet(self) -> None:
        """Nothing of this world runs; a killed process may take a moment to be gone."""
        __tracebackhide__ = True
        end = time.monotonic() + 15
        while left := self.strays():
            assert time.monotonic() < end, f"left over: {left}"
            time.sleep(POLL_S)

    def chain_is_whole(self) -> None:
        """Every row of the journal follows from the one before."""
        path = self.root / ".makeitso/journal.db"
        if path.exists():
            journal = Journal(path, clock=SystemClock(), client="test")
            broken = journal.verify()
            journal.close()
            assert broken is None


@contextlib.contextmanager
def world(
    top: Path,
    script: Script,
    *,
    files: Mapping[str, str] | None = None,
    manager: str = "none",
    config: str = "",
    name: str = "work",
    commit: bool = True,
    key: str | None = KEY,
) -> Generator[World]:
    """A world with a repository of `files`; on leaving, nothing of it may still run."""
    with serve(script, key=key) as server:
        box = git_sandbox.make(top / name)
        for path, text in (files or {}).items():
            box.write(path, text.encode("utf-8"))
        if commit:
            box.commit("start")
        made = World(top, box, server)
        made.configure(manager, config)
        try:
            yield made
            made.until_quiet()
            made.chain_is_whole()
        finally:
            for pid, _ in made.strays():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
