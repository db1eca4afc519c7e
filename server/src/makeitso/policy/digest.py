"""The digest that binds an answer to what was asked."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from makeitso.protocol.words import ApprovalKind


def approval_digest(kind: ApprovalKind, subject: str, *, base_tree: str = "") -> str:
    """SHA-256, hex, over kind, subject with white space runs collapsed, and base tree."""
    form = json.dumps([kind, " ".join(subject.split()), base_tree], ensure_ascii=False)
    return hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest()
