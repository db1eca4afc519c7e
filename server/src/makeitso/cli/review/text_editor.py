"""A text from the person, written in the editor that git would start for them."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.errors import EnvironmentFault
from makeitso.workspace.git_tools import editor

if TYPE_CHECKING:
    from makeitso.workspace.git import Repository

_NOT_THERE = (126, 127)
"""What a shell ends with when it finds no such program, or may not start it."""


def written(repo: Repository, shown: str, *, name: str) -> str:
    """What a person writes into a file they find something in; lines that begin with `#` go.

    Args:
        repo: whose settings name the editor.
        shown: what they find.
        name: name of the file.

    Raises:
        EnvironmentFault: the editor failed.
    """
    saved = edited(repo, shown.encode("utf-8", "surrogatepass"), name=name).decode(errors="replace")
    return "\n".join(line for line in saved.splitlines() if not line.startswith("#")).strip()


def edited(repo: Repository, text: bytes, *, name: str) -> bytes:
    """What a person makes of a text; as bytes, for reading as text would change line ends.

    Raises:
        EnvironmentFault: the editor failed.
    """
    command = editor(repo)
    with tempfile.TemporaryDirectory(prefix="mis-") as folder:
        path = Path(folder) / name
        path.write_bytes(text)
        # Through a shell, as git does: `core.editor` may hold quotes, variables, a function.
        argv = ["/bin/sh", "-c", f'{command} "$@"', command, str(path)]
        done = subprocess.run(argv, check=False)
        if done.returncode in _NOT_THERE:
            raise EnvironmentFault(
                f"the editor `{command}` cannot be started",
                hint="set EDITOR, or `git config core.editor`",
            )
        if done.returncode != 0:
            raise EnvironmentFault(
                f"the editor `{command}` ended with {done.returncode}", hint="nothing was changed"
            )
        return path.read_bytes()
