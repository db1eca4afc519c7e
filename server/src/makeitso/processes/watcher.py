"""Ends what a process of ours was running when it is killed itself: a program of its own.

It is started by `guard`, with a pipe as its input that ends when that process does, however it
does. Until then it is told what runs. It loads nothing but a few modules of Python, for it runs
beside each `mis`, and knows Linux alone: `/proc` says who belongs to whom.

Lines of the pipe: `+TAG` before a child is started, `=TAG PID` when it runs, `-TAG` when all of it
has ended.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from typing import NamedTuple

TAG_VARIABLE = "MAKEITSO_CHILD_TAG"
LOOK_EVERY_S = 1.0
"""How often descendants are noted, by which those are known later that lost their parents."""
GRACE_S = 1.0
"""Between SIGTERM and SIGKILL: Codex writes down where its thread stands."""
LIMIT_S = 20.0
_POLL_S = 0.02


class Entry(NamedTuple):
    """A process as `/proc/PID/stat` has it; `start` in clock ticks tells it from a later one."""

    parent: int
    group: int
    session: int
    start: int


class Ward:
    """A child that runs, and what grew out of it."""

    def __init__(self) -> None:
        self.pid = 0
        self.seen: dict[int, int] = {}
        """Start by pid, of it and of its descendants by parentage."""


def entry_of(pid: int) -> Entry | None:
    """What there is to know of a process; None: it is gone, or a zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 -- pathlib takes its time
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    if len(fields) < 20 or fields[0] in (b"Z", b"X"):
        return None
    return Entry(int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def table() -> dict[int, Entry]:
    """All processes there are."""
    with os.scandir("/proc") as found:
        pids = [int(entry.name) for entry in found if entry.name.isdecimal()]
    return {pid: entry for pid in pids if (entry := entry_of(pid)) is not None}


def tag_of(pid: int) -> str:
    """The tag in the environment of a process; empty if it has none or cannot be read."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
            variables = file.read().split(b"\0")
    except OSError:
        return ""
    mark = f"{TAG_VARIABLE}=".encode()
    return next(
        (v[len(mark) :].decode("ascii", "replace") for v in variables if v[: len(mark)] == mark), ""
    )


def children_in(processes: dict[int, Entry]) -> dict[int, list[int]]:
    """Who started whom."""
    children: dict[int, list[int]] = {}
    for pid, entry in processes.items():
        children.setdefault(entry.parent, []).append(pid)
    return children


def below(roots: set[int], children: dict[int, list[int]]) -> set[int]:
    """Processes and all their descendants."""
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, ())
    return found


def note(wards: dict[str, Ward]) -> None:
    """Remember the present descendants of each child."""
    processes = table()
    children = children_in(processes)
    for ward in wards.values():
        known = {pid for pid, start in ward.seen.items() if _is(processes, pid, start)}
        ward.seen = {pid: processes[pid].start for pid in below(known, children)}


def belonging(wards: dict[str, Ward]) -> dict[int, int]:
    """Start by pid of everything that grew out of the children, by every trace."""
    processes = table()
    known: set[int] = set()
    led: set[int] = set()
    for ward in wards.values():
        known |= {pid for pid, start in ward.seen.items() if _is(processes, pid, start)}
        if ward.pid and (ward.pid in known or ward.pid not in processes):
            led.add(ward.pid)  # nobody else is given the number while a session bears it
    for pid, entry in processes.items():
        if entry.session in led or entry.group in led or tag_of(pid) in wards:
            known.add(pid)
    found = below(known, children_in(processes)) - {os.getpid(), 0, 1}
    return {pid: processes[pid].start for pid in found}


def end(wards: dict[str, Ward]) -> None:
    """SIGTERM to everything, SIGKILL to what is left after the grace, until nothing is."""
    begun = time.monotonic()
    told: set[tuple[int, int]] = set()
    quiet = 0
    while quiet < 2 and time.monotonic() - begun < LIMIT_S:
        found = belonging(wards)
        for ward in wards.values():
            ward.seen |= found
        quiet = 0 if found else quiet + 1
        late = time.monotonic() - begun > GRACE_S
        for pid, start in found.items():
            if late:
                send(pid, start, signal.SIGKILL)
            elif (pid, start) not in told:
                send(pid, start, signal.SIGTERM)
                told.add((pid, start))
        time.sleep(_POLL_S)


def send(pid: int, start: int, number: signal.Signals) -> None:
    """Signal a process, and not one that was given its number since."""
    with contextlib.suppress(OSError):
        descriptor = os.pidfd_open(pid)
        try:
            entry = entry_of(pid)
            if entry is not None and entry.start == start:
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)


def watch(pipe: int) -> dict[str, Ward]:
    """Follow what is told until the pipe ends; what ran then."""
    wards: dict[str, Ward] = {}
    rest = b""
    while True:
        ready, _, _ = select.select([pipe], [], [], LOOK_EVERY_S if wards else None)
        if not ready:
            note(wards)
            continue
        data = os.read(pipe, 65536)
        if not data:
            return wards
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            _hear(wards, line.decode("ascii", "replace"))


def _hear(wards: dict[str, Ward], line: str) -> None:
    tag, _, number = line[1:].partition(" ")
    if line[:1] == "+":
        wards[tag] = Ward()
    elif line[:1] == "-":
        wards.pop(tag, None)
    elif tag in wards and number.isdecimal():
        ward = wards[tag]
        ward.pid = int(number)
        if (entry := entry_of(ward.pid)) is not None:
            ward.seen[ward.pid] = entry.start


def _is(processes: dict[int, Entry], pid: int, start: int) -> bool:
    return pid in processes and processes[pid].start == start


def main() -> int:
    """Watch until the one that started this is gone, then end what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # meant for the one that is watched
    left = watch(sys.stdin.fileno())
    if left:
        end(left)
    return 0


if __name__ == "__main__":
    sys.exit(main())
