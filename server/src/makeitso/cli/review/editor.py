"""Editing a hunk in the person's editor; what is saved is what lands."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.errors import EnvironmentFault, UsageError
from makeitso.runs.editing import edit_hunk as record_edit

if TYPE_CHECKING:
    from makeitso.protocol.change import Hunk
    from makeitso.wiring import Bridge

HEADER = """# Change the lines that begin with +, delete them, or add new ones.
# To keep a line that is removed, change its - to a space.
# Lines that begin with # are left out. Save nothing to leave the hunk as it is.
"""


def edit_hunk(bridge: Bridge, hunk: Hunk) -> None:
    """Let the person edit a hunk; it counts as accepted.

    Raises:
        EnvironmentFault: the editor failed.
        UsageError: what was saved does not fit the file; nothing changed.
        StateError: the hunk cannot be edited.
    """
    command = next(
        (os.environ[name] for name in ("GIT_EDITOR", "VISUAL", "EDITOR") if os.environ.get(name)),
        "vi",
    )
    with tempfile.TemporaryDirectory(prefix="mis-") as folder:
        path = Path(folder) / "hunk.diff"
        path.write_bytes((HEADER + hunk.diff).encode("utf-8", "surrogatepass"))
        try:
            done = subprocess.run([*shlex.split(command), str(path)], check=False)
        except OSError as error:
            raise EnvironmentFault(
                f"cannot start the editor {command}: {error.strerror}", hint="set EDITOR"
            ) from error
        if done.returncode != 0:
            raise EnvironmentFault(f"the editor {command} ended with {done.returncode}")
        # As bytes: reading as text would take the carriage returns of the file away.
        saved = path.read_bytes().decode("utf-8", "surrogateescape")
    lines = re.findall(r"[^\n]*\n|[^\n]+", saved)
    text = "".join(line for line in lines if not line.startswith("#"))
    if not text.strip() or text == hunk.diff:
        raise UsageError("the hunk was left as it is")
    record_edit(bridge.book, bridge.repo, hunk.id, text)
