"""Editing a hunk in the person's editor; what is saved is what lands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from makeitso.cli.review.text_editor import edited
from makeitso.errors import UsageError
from makeitso.runs.editing import edit_hunk as record_edit
from makeitso.store.outputs import keep

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.change import Hunk
    from makeitso.wiring import Bridge

HEADER = """# Change the lines that begin with +, delete them, or add new ones.
# To keep a line that is removed, change its - to a space.
# Lines that begin with # are left out. Save nothing to leave the hunk as it is.
"""
AGAIN = """# This is what you saved and did not fit. Save nothing to begin again with the hunk.
"""


def edit_hunk(bridge: Bridge, hunk: Hunk, *, saved: str | None = None) -> None:
    """Let the person edit a hunk; it counts as accepted.

    What does not fit is kept beside the review documents and offered when the hunk is edited again.

    Args:
        bridge: the workspace.
        hunk: the hunk as it stands.
        saved: what it is to be; None: the person's editor asks.

    Raises:
        EnvironmentFault: the editor failed.
        UsageError: what was saved does not fit the file; the proposal is unchanged.
        StateError: the hunk cannot be edited.
    """
    kept = bridge.dot.review / f"{hunk.id}.edit.diff"
    asked = saved is None
    if saved is None:
        saved = _edited(bridge, hunk, kept)
    text = "".join(
        line for line in re.findall(r"[^\n]*\n|[^\n]+", saved) if not line.startswith("#")
    )
    if not text.strip() or text == hunk.diff:
        kept.unlink(missing_ok=True)
        raise UsageError("the hunk was left as it is")
    try:
        record_edit(bridge.book, bridge.repo, hunk.id, text)
    except UsageError as error:
        if not asked:
            raise
        keep(kept.parent, kept.name, text.encode("utf-8", "surrogateescape"))
        shown = kept.relative_to(bridge.repo.root)
        raise UsageError(
            error.message,
            hint=f"{error.hint}; your text is in {shown}, and editing the hunk opens it again",
        ) from error
    kept.unlink(missing_ok=True)


def _edited(bridge: Bridge, hunk: Hunk, kept: Path) -> str:
    """What the person makes of a hunk, or of what they saved before and did not fit."""
    offered = HEADER + hunk.diff
    if kept.is_file():
        offered = AGAIN + kept.read_bytes().decode("utf-8", "surrogateescape")
    text = offered.encode("utf-8", "surrogateescape")
    return edited(bridge.repo, text, name="hunk.diff").decode("utf-8", "surrogateescape")
