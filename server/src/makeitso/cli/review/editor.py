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
from makeitso.store.outputs import keep

if TYPE_CHECKING:
    from makeitso.protocol.change import Hunk
    from makeitso.wiring import Bridge

HEADER = """# Change the lines that begin with +, delete them, or add new ones.
# To keep a line that is removed, change its - to a space.
# Lines that begin with # are left out. Save nothing to leave the hunk as it is.
"""
AGAIN = """# This is what you saved and did not fit. Save nothing to begin again with the hunk.
"""


def edit_hunk(bridge: Bridge, hunk: Hunk) -> None:
    """Let the person edit a hunk; it counts as accepted.

    What does not fit is kept beside the review documents and offered when the hunk is edited again.

    Raises:
        EnvironmentFault: the editor failed.
        UsageError: what was saved does not fit the file; the proposal is unchanged.
        StateError: the hunk cannot be edited.
    """
    kept = bridge.dot.review / f"{hunk.id}.edit.diff"
    offered = HEADER + hunk.diff
    if kept.is_file():
        offered = AGAIN + kept.read_bytes().decode("utf-8", "surrogateescape")
    saved = _edited(offered)
    text = "".join(
        line for line in re.findall(r"[^\n]*\n|[^\n]+", saved) if not line.startswith("#")
    )
    if not text.strip() or text == hunk.diff:
        kept.unlink(missing_ok=True)
        raise UsageError("the hunk was left as it is")
    try:
        record_edit(bridge.book, bridge.repo, hunk.id, text)
    except UsageError as error:
        keep(kept.parent, kept.name, text.encode("utf-8", "surrogateescape"))
        shown = kept.relative_to(bridge.repo.root)
        raise UsageError(
            error.message,
            hint=f"{error.hint}; your text is in {shown}, `e` opens it again",
        ) from error
    kept.unlink(missing_ok=True)


def _edited(text: str) -> str:
    """What a person makes of a text in their editor.

    Raises:
        EnvironmentFault: the editor failed.
    """
    command = next(
        (os.environ[name] for name in ("GIT_EDITOR", "VISUAL", "EDITOR") if os.environ.get(name)),
        "vi",
    )
    with tempfile.TemporaryDirectory(prefix="mis-") as folder:
        path = Path(folder) / "hunk.diff"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        try:
            done = subprocess.run([*shlex.split(command), str(path)], check=False)
        except OSError as error:
            raise EnvironmentFault(
                f"cannot start the editor {command}: {error.strerror}", hint="set EDITOR"
            ) from error
        if done.returncode != 0:
            raise EnvironmentFault(f"the editor {command} ended with {done.returncode}")
        # As bytes: reading as text would take the carriage returns of the file away.
        return path.read_bytes().decode("utf-8", "surrogateescape")
