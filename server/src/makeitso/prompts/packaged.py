"""Reads the files of `protocol/` that ship with the product: prompts, dictionary, pattern library.

In an installed wheel they lie in the package as `_protocol`; in a checkout (editable install) at
its root. Nothing else of the product knows where.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from makeitso.errors import EnvironmentFault

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


@cache
def packaged_text(path: str) -> str:
    """The text of one packaged file.

    Args:
        path: relative to `protocol/`, with forward slashes, such as `prompts/worker-exec.md`.

    Raises:
        EnvironmentFault: the installation lacks the file.
    """
    place = _root()
    for part in PurePosixPath(path).parts:
        place = place / part
    try:
        return place.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentFault(
            f"The installation lacks its file protocol/{path}.",
            hint="Install makeitso-codex again.",
        ) from error


def _root() -> Traversable:
    package = files("makeitso")
    installed = package / "_protocol"
    if installed.is_dir():
        return installed
    checkout = Path(str(package)).resolve().parents[2]  # of server/src/makeitso
    return checkout / "protocol"
