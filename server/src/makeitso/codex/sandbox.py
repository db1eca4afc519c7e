"""Codex's sandbox for commands of ours: checks run code that a worker wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.codex.sandbox_ways import ways_out
from makeitso.errors import EnvironmentFault
from makeitso.processes import CommandResult, run_command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from makeitso.processes.command import OnOutput

_PREFLIGHT_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class SandboxState:
    """Whether the sandbox works here, and if not, what it said and what can be done."""

    ok: bool
    reason: str = ""
    hint: str = ""


def sandbox_argv(codex: Path, command_line: str, *, writable: bool, network: bool) -> list[str]:
    """The argv that runs a shell command line in the sandbox.

    With `writable`, the working directory and TMPDIR can be written, /tmp cannot; `.git` and
    `.codex` in the working directory stay read-only.
    """
    settings = (
        f'sandbox_mode="{"workspace-write" if writable else "read-only"}"',
        f"sandbox_workspace_write.network_access={str(network).lower()}",
        "sandbox_workspace_write.exclude_slash_tmp=true",
        "sandbox_workspace_write.exclude_tmpdir_env_var=false",
    )
    options = [part for setting in settings for part in ("-c", setting)]
    return [str(codex), "sandbox", *options, "--", "/bin/sh", "-c", command_line]


async def sandbox_state(codex: Path, *, cwd: Path, env: Mapping[str, str]) -> SandboxState:
    """Try the sandbox on a command that does nothing; takes about 0.1 s.

    Args:
        codex: the program.
        cwd: where commands will run.
        env: the environment they will run with; it names CODEX_HOME and TMPDIR.
    """
    argv = sandbox_argv(codex, "true", writable=True, network=False)
    try:
        result = await run_command(argv, cwd=cwd, env=env, timeout_s=_PREFLIGHT_TIMEOUT_S)
    except EnvironmentFault as error:
        return SandboxState(ok=False, reason=error.message, hint=error.hint)
    if result.exit_code == 0:
        return SandboxState(ok=True)
    said = result.output.decode(errors="replace").strip()[-500:]
    how = "no answer in time" if result.timed_out else f"exit code {result.exit_code}"
    return SandboxState(ok=False, reason=said or how, hint=ways_out(said))


async def require_sandbox(codex: Path, *, cwd: Path, env: Mapping[str, str]) -> None:
    """Make sure that the sandbox works: without it every command and patch of a worker fails.

    Raises:
        EnvironmentFault: it does not.
    """
    state = await sandbox_state(codex, cwd=cwd, env=env)
    if not state.ok:
        raise EnvironmentFault(
            f"the Codex sandbox does not work here: {state.reason}",
            hint=state.hint,
        )


async def run_sandboxed(
    codex: Path,
    command_line: str,
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout_s: float,
    writable: bool = True,
    network: bool = False,
    on_output: OnOutput | None = None,
) -> CommandResult:
    """Run a shell command line in the sandbox.

    Args:
        codex: the program.
        command_line: for `/bin/sh -c`.
        cwd: the only directory it may write, with TMPDIR.
        env: the whole environment, CODEX_HOME and TMPDIR in it; see `codex_environment`.
        timeout_s: deadline in seconds; 0: none.
        writable: False: nothing can be written.
        network: True: the network can be reached, if `writable` too.
        on_output: takes each chunk as it comes.

    Raises:
        EnvironmentFault: Codex cannot be started.
    """
    argv = sandbox_argv(codex, command_line, writable=writable, network=network)
    return await run_command(argv, cwd=cwd, env=env, timeout_s=timeout_s, on_output=on_output)
