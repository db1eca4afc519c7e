"""`mis review --tool`: each file in the person's difference tool; what they save is accepted."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from makeitso.errors import EnvironmentFault, MisError
from makeitso.runs.file_edits import save_file, whole
from makeitso.runs.reviewing import present_change
from makeitso.workspace import blobs
from makeitso.workspace.git_tools import tool

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.cli.review.selecting import Reviewed
    from makeitso.protocol.change import ChangedFile
    from makeitso.wiring import Bridge
    from makeitso.workspace.git_tools import Tool


def review_with_tool(bridge: Bridge, console: Console, found: list[Reviewed], *, named: str) -> int:
    """Show each open file's base and proposal in a tool; returns how many files were taken.

    Leaving the tool with another exit code than 0 leaves that file as it was, and ends the round.

    Raises:
        EnvironmentFault: the tool cannot be started.
    """
    program = tool(bridge.repo, named)
    taken = 0
    for run, task in found:
        for file in present_change(bridge.repo, run.id, task).files:
            if not any(hunk.state in ("pending", "conflict") for hunk in file.hunks):
                continue
            if not whole(file):
                console.note(f"{file.path} is no text to be edited; `mis review` shows it")
                continue
            code = _one(bridge, console, program, file, run_id=run.id, task_id=task.id)
            if code != 0:
                console.note(f"{file.path} is left as it was: the tool ended with {code}")
                return taken
            taken += 1
    return taken


def _one(
    bridge: Bridge,
    console: Console,
    program: Tool,
    file: ChangedFile,
    *,
    run_id: str,
    task_id: str,
) -> int:
    texts = blobs.read(bridge.repo, [b for b in (file.base_blob, file.new_blob) if b])
    base = texts[file.base_blob] if file.base_blob else b""
    proposal = texts[file.new_blob or ""]
    name = PurePosixPath(file.path).name
    with tempfile.TemporaryDirectory(prefix="mis-") as folder:
        local, remote = Path(folder) / "base" / name, Path(folder) / "proposal" / name
        for path, data in ((local, base), (remote, proposal)):
            path.parent.mkdir()
            path.write_bytes(data)
        local.chmod(0o400)
        code = _run(program, local, remote)
        if code != 0:
            return code
        try:
            saved = remote.read_bytes()
        except OSError as error:
            raise EnvironmentFault(
                f"the tool left no {file.path} behind: {error.strerror}",
                hint="it must save over the second file it is given",
            ) from error
    try:
        hunks = save_file(
            bridge.book,
            bridge.repo,
            file,
            saved,
            run_id=run_id,
            task_id=task_id,
            base=base,
            proposal=proposal,
        )
    except MisError as error:
        console.note(f"{error.message}{f' ({error.hint})' if error.hint else ''}", style="yellow")
        return 0
    states = {hunk.state for hunk in hunks}
    how = "rejected" if states == {"rejected"} else "accepted"
    edited = "" if saved in (base, proposal) else " as you saved it"
    console.note(f"{file.path}: {how}{edited}")
    return 0


def _run(program: Tool, local: Path, remote: Path) -> int:
    argv = program.argv(os.fspath(local), os.fspath(remote))
    files = {
        "LOCAL": os.fspath(local),
        "REMOTE": os.fspath(remote),
        "BASE": os.fspath(local),
        "MERGED": os.fspath(remote),
    }
    try:
        return subprocess.run(argv, env={**os.environ, **files}, check=False).returncode
    except OSError as error:
        raise EnvironmentFault(
            f"cannot start the tool `{program.command}`: {error.strerror}",
            hint="`git config difftool.NAME.cmd` and `--tool NAME`, or a command line",
        ) from error
