"""Which documents other processes have open: each language server publishes its own.

`.makeitso/editors/<pid>.json`, replaced as a whole. A file of a process that is gone, or whose pid
now belongs to another one, counts for nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

import psutil
from pydantic import Field, ValidationError

from makeitso.protocol.base import Wire

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DIRECTORY = ".makeitso/editors"
START_TOLERANCE_S = 1.0
"""Process start times are rounded differently by different readers."""


class OpenDocument(Wire):
    """A document open in an editor."""

    path: str = Field(description="Path relative to the workspace, `/` separated.")
    dirty: bool = Field(description="It differs from the file.")


class EditorFile(Wire):
    """What one language server has open."""

    pid: int = Field(ge=1, description="Its process.")
    started: float = Field(description="Start time of that process, Unix seconds.")
    editor: str = Field(default="an editor", description="Name of the editor, for messages.")
    documents: tuple[OpenDocument, ...] = Field(description="What it has open.")


def publish(root: Path, documents: Sequence[OpenDocument], *, editor: str = "an editor") -> None:
    """Say what this process has open; replaces what it said before."""
    me = psutil.Process()
    directory = root / DIRECTORY
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    said = EditorFile(
        pid=me.pid, started=me.create_time(), editor=editor, documents=tuple(documents)
    )
    fresh = directory / f"{me.pid}.json.new"
    fresh.write_text(said.model_dump_json(), encoding="utf-8")
    fresh.replace(directory / f"{me.pid}.json")


def withdraw(root: Path) -> None:
    """Say that this process has nothing open any more."""
    (root / DIRECTORY / f"{os.getpid()}.json").unlink(missing_ok=True)


def dirty_elsewhere(root: Path) -> dict[str, str]:
    """Paths with unsaved changes in other living processes, each with who has them."""
    found: dict[str, str] = {}
    for file in sorted((root / DIRECTORY).glob("*.json")):
        said = _read(file)
        if said is None or said.pid == os.getpid() or not _lives(said):
            continue
        for document in said.documents:
            if document.dirty:
                found[document.path] = f"{said.editor} (process {said.pid})"
    return found


def _read(file: Path) -> EditorFile | None:
    with contextlib.suppress(OSError, ValidationError, json.JSONDecodeError):
        return EditorFile.model_validate_json(file.read_bytes())
    return None


def _lives(said: EditorFile) -> bool:
    try:
        started = psutil.Process(said.pid).create_time()
    except psutil.Error:
        return False
    return abs(started - said.started) <= START_TOLERANCE_S
