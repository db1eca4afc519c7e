"""An error nobody expected: one line for the person, the traceback in a file of theirs."""

from __future__ import annotations

import os
import platform
import traceback
from typing import TYPE_CHECKING

from makeitso import __version__
from makeitso.errors import MisError
from makeitso.store.clock import SystemClock
from makeitso.workspace.paths import private_dir, user_dirs
from makeitso.workspace.secrets import known_secrets

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.cli.console import Console


def report_crash(error: Exception, console: Console) -> int:
    """Write the traceback to a log and say where; exit code 1."""
    what = _redacted(f"{type(error).__name__}: {error}".splitlines()[0])
    try:
        path: Path | None = _write_log(error)
    except (OSError, MisError):
        path = None
    where = f"The details are in {path}." if path else "The details could not be written down."
    console.error(f"sorry, this should not happen: {what}", hint=where)
    console.data(
        {
            "type": "error",
            "code": -32603,
            "message": what,
            "hint": where,
            "data": {"log": str(path) if path else None},
        }
    )
    return 1


def _write_log(error: Exception) -> Path:
    directory = private_dir(user_dirs().logs)
    path = directory / f"crash-{SystemClock().now_ms()}-{os.getpid()}.log"
    head = f"makeitso {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
    text = _redacted(head + "".join(traceback.format_exception(error)))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return path


def _redacted(text: str) -> str:
    for value in known_secrets():
        text = text.replace(value, "[redacted]")
    return text
