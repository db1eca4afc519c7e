"""Settings that may change while a run goes on: read again when a config file is another."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from makeitso.errors import MisError
from makeitso.workspace.rule_file import read_rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from makeitso.policy.standing_rules import RuleSet
    from makeitso.protocol.config import Monitor
    from makeitso.workspace.config import LoadedConfig

LOOK_S = 1.0
"""The files are looked at no more often than this."""

_Stamp = tuple[int, ...] | None


class LiveMonitor:
    """The `[monitor]` settings as they are now; cheap to call.

    Args:
        loaded: the settings at the start.
        load: reads them again.
        clock: seconds that only go on.
    """

    def __init__(
        self,
        loaded: LoadedConfig,
        load: Callable[[], LoadedConfig],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load, self._clock = load, clock
        self._files = tuple(file.path for file in loaded.files)
        self._monitor = loaded.config.monitor
        self._stamps = self._look()
        self._looked = clock()

    def __call__(self) -> Monitor:
        """The settings; those from before when the files cannot be read just now."""
        if self._clock() - self._looked >= LOOK_S:
            self._looked = self._clock()
            stamps = self._look()
            if stamps != self._stamps:
                self._stamps = stamps
                try:
                    self._monitor = self._load().config.monitor
                except (MisError, OSError):
                    return self._monitor
        return self._monitor

    def _look(self) -> tuple[_Stamp, ...]:
        return tuple(_stamp(path) for path in self._files)


class LiveRules:
    """The person's stored rules as they are now: one that is taken back holds no longer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = _stamp(path)
        self._known = read_rules(path).known

    def __call__(self) -> RuleSet:
        """The rules; read again when the file is another."""
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp, self._known = stamp, read_rules(self._path).known
        return self._known


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
