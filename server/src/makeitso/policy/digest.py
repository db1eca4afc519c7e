"""The digest that binds an answer to what was asked."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from makeitso.protocol.words import ApprovalKind


def approval_digest(kind: ApprovalKind, subject: str, *, base_tree: str = "") -> str:
    """SHA-256, hex, over kind, subject and base tree.

    Runs of white space count as one blank, but not in a command: to a shell a line end is not one.
    """
    normal = subject.strip() if kind == "command" else " ".join(subject.split())
    form = json.dumps([kind, normal, base_tree], ensure_ascii=False)
    return hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest()
