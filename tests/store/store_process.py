"""A process of its own that uses the store, told what to do by its arguments; run with -m."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.errors import MisError
from makeitso.protocol import events as ev
from makeitso.store import outputs, owner
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable

FOREVER = 1_000_000


def start(*args: str | Path | int) -> subprocess.Popen[str]:
    """A process that does what `args` say, its lines readable from `stdout`."""
    return subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__)), *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line_of(process: subprocess.Popen[str]) -> str:
    """Its next line."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ended(process: subprocess.Popen[str]) -> str:
    """All it still says, once it is over.

    Not by `communicate`: that reads past the file object, and what `line_of` had buffered is lost.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        process.stdin.close()
        said = process.stdout.read()
    process.wait(60)
    return said


def killed(process: subprocess.Popen[str]) -> str:
    """All it still said before kill -9 took it."""
    process.kill()
    return ended(process)


def _say(text: object) -> None:
    print(text, flush=True)


def _fail(error: MisError) -> None:
    _say(f"{type(error).__name__}|{error.message}|{error.hint}")


def append(path: str, name: str, count: str) -> None:
    """Append notes, saying the number of each once it is acknowledged; waits for a line first."""
    journal = Journal(Path(path), clock=SystemClock(), client=name)
    _say("ready")
    sys.stdin.readline()
    for number in range(int(count)):
        event = journal.append(ev.NoteAdded(text=f"{name} {number}"), actor="engine")
        _say(event.seq)


def open_new(path: str) -> None:
    """Open a journal that several processes make at the same instant."""
    _say("ready")
    sys.stdin.readline()
    Journal(Path(path), clock=SystemClock(), client="opener").close()
    _say("opened")


def fill(path: str, size: str) -> None:
    """Append until a file of this process may not grow any more."""
    journal = Journal(Path(path), clock=SystemClock(), client="filler")
    journal.append(ev.NoteAdded(text="first"), actor="engine")
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))
    try:
        for _ in range(FOREVER):
            _say(journal.append(ev.NoteAdded(text="x" * 900), actor="engine").seq)
    except MisError as error:
        _fail(error)
    _say(len(list(journal.read())))


def write_output(root: str, size: str) -> None:
    """Write an output file past what a file of this process may hold."""
    file = outputs.OutputFile(Path(root), "T1/output/stdout.log")
    file.write(b"before\n")
    first = file.mark()
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))
    try:
        file.write(b"y" * int(size))
    except MisError as error:
        _fail(error)
    second = file.mark()
    _say(first.model_dump_json())
    _say(second.model_dump_json())
    try:
        outputs.keep(Path(root), "kept.txt", b"z" * (int(size) + 1))
    except MisError as error:
        _fail(error)


def hold(path: str, door: str) -> None:
    """Own a workspace until killed, or say why not."""
    try:
        with owner.own(Path(path), door=door):
            _say("owns")
            sys.stdin.readline()
    except MisError as error:
        _fail(error)


def look(path: str, until: str) -> None:
    """Look at the owner again and again until a file is there; say whom it saw."""
    seen: set[owner.Owner | None] = set()
    _say("looking")
    while not Path(until).exists():
        seen.add(owner.current(Path(path)))
        time.sleep(0)
    _say(sorted(one.pid if one else 0 for one in seen))


VERBS: dict[str, Callable[..., None]] = {
    "append": append,
    "open": open_new,
    "fill": fill,
    "output": write_output,
    "hold": hold,
    "look": look,
}

if __name__ == "__main__":
    VERBS[sys.argv[1]](*sys.argv[2:])
