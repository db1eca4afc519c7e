"""Workspace files that count only with the very bytes a person agreed to."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.trust import TrustState


def agreed_text(path: Path, *, root: Path, state: TrustState) -> str | None:
    """The text of a file of a trusted workspace; None: there is none, or nobody agreed to it.

    The digest is of the bytes read here, so that a change after the trust check does not count.

    Args:
        path: the file.
        root: the workspace.
        state: how the workspace stands.
    """
    if state.state != "trusted":
        return None
    try:
        data = path.read_bytes()
    except OSError:
        return None
    agreed = {(root / file.path).resolve(): file.digest for file in state.files}
    if agreed.get(path.resolve()) != hashlib.sha256(data).hexdigest():
        return None
    return data.decode("utf-8", "replace")
