"""Records and misses once more through the redactor, after parsing.

The parser drops colour codes and redraws. A value that a program printed in pieces around them is
not recognised in the raw stream, and is whole again in the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from makeitso.policy.redaction import Redactor
    from makeitso.protocol.record import Frame, Miss, Record

Item = TypeVar("Item", bound="Record | Miss | Frame")

_VOCABULARY = frozenset({"pattern", "intent", "channel", "kind", "reason"})
"""Fields whose words are ours, never a worker's."""


def redact_item(item: Item, *, redactor: Redactor) -> Item:
    """The same record or miss with every text of it redacted."""
    update: dict[str, object] = {}
    for name in type(item).model_fields:
        before = getattr(item, name)
        if name in _VOCABULARY or before is None or isinstance(before, (int, float)):
            continue
        after = redactor.value(before)
        if after != before:
            update[name] = after
    return item.model_copy(update=update) if update else item
