"""Runs checks and set-up commands: in the Codex sandbox; bare only for the demo's own script."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from makeitso.codex.find import probe_codex
from makeitso.codex.home import codex_environment
from makeitso.codex.sandbox import require_sandbox, run_sandboxed, sandbox_state
from makeitso.processes import run_command
from makeitso.workers.port import CommandOutcome

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.codex.sandbox import SandboxState
    from makeitso.processes import CommandResult
    from makeitso.processes.command import OnOutput

TAIL_BYTES = 16_000


class SandboxedCommands:
    """Commands in the Codex sandbox: they write below `root` only, without a network by default.

    Args:
        command: the codex program; None: the one that is found.
        home: a private directory of this runner; no worker writes there.
        tmp: the TMPDIR of its commands, beside `home`.
        caches: tell package managers to keep their downloads under `tmp`: the usual places in the
            home directory cannot be written.
    """

    sandboxed = True

    def __init__(self, *, command: str | None, home: Path, tmp: Path, caches: bool = False) -> None:
        self._command, self._home, self._tmp = command, home, tmp
        self._extra = _caches(tmp) if caches else {}
        self._ready: Path | None = None

    async def run(
        self,
        command: str,
        *,
        cwd: Path,
        root: Path,
        timeout_s: float,
        network: bool,
        on_output: OnOutput,
    ) -> CommandOutcome:
        """Run a shell command line.

        Raises:
            EnvironmentFault: codex is missing or its sandbox is unavailable.
        """
        env = {**_environment(self._home, self._tmp), **self._extra}
        if self._ready is None:
            codex = await probe_codex(self._command)
            await require_sandbox(codex.path, cwd=root, env=env)
            self._ready = codex.path
        result = await run_sandboxed(
            self._ready,
            _inside(command, cwd, root),
            cwd=root,
            env=env,
            timeout_s=timeout_s,
            network=network,
            on_output=on_output,
        )
        return _outcome(result)


async def probe_sandbox(*, command: str | None, home: Path, tmp: Path, root: Path) -> SandboxState:
    """Whether the sandbox works for commands in `root`.

    Raises:
        EnvironmentFault: codex is missing.
    """
    codex = await probe_codex(command)
    return await sandbox_state(codex.path, cwd=root, env=_environment(home, tmp))


def _environment(home: Path, tmp: Path) -> dict[str, str]:
    for folder in (home, tmp):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return codex_environment(home=home, tmp=tmp, api_key=None, inherited=os.environ, extra=_QUIET)


class BareCommands:
    """Commands without a sandbox. Only for the demo's own shipped script."""

    sandboxed = False

    async def run(
        self,
        command: str,
        *,
        cwd: Path,
        root: Path,
        timeout_s: float,
        network: bool,
        on_output: OnOutput,
    ) -> CommandOutcome:
        """Run a shell command line."""
        result = await run_command(
            ["/bin/sh", "-c", _inside(command, cwd, root)],
            cwd=root,
            env={**os.environ, **_QUIET},
            timeout_s=timeout_s,
            on_output=on_output,
        )
        return _outcome(result)


_QUIET = {"PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
"""By-products of a check are no part of a change, and its output is read by people and patterns."""


def _caches(tmp: Path) -> dict[str, str]:
    """Where pip, uv, poetry and yarn keep downloads, by the first; npm, by the second."""
    return {
        "XDG_CACHE_HOME": str(tmp / "cache"),
        "npm_config_cache": str(tmp / "cache/npm"),
    }


def _inside(command: str, cwd: Path, root: Path) -> str:
    relative = cwd.relative_to(root).as_posix()
    return command if relative == "." else f"cd {shlex.quote(relative)} && {command}"


def _outcome(result: CommandResult) -> CommandOutcome:
    return CommandOutcome(
        exit_code=None if result.timed_out else result.exit_code,
        timed_out=result.timed_out,
        duration_ms=result.duration_ms,
        tail=result.output[-TAIL_BYTES:].decode("utf-8", "replace"),
    )
