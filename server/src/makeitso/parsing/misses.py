"""What the parser could not explain, and how equal misses are counted together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from makeitso.protocol.record import Miss, MissReason, StreamChannel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.parsing.cleaning import CleanLine

TEXT_CHARACTERS = 2000
_VARYING = re.compile(r"0x[0-9a-fA-F]+|\d+")


def miss_of(
    line: CleanLine, channel: StreamChannel, reason: MissReason, *, detail: str = ""
) -> Miss:
    """The miss of one line; its text is cut to a size a person can read."""
    return Miss(
        channel=channel,
        reason=reason,
        text=line.data[: 4 * TEXT_CHARACTERS].decode("utf-8", "replace")[:TEXT_CHARACTERS],
        detail=detail,
        offset_bytes=line.offset_bytes,
        stream_line=line.number,
    )


def skeleton(text: str) -> str:
    """A line with its numbers masked, so that lines of one shape are equal."""
    return _VARYING.sub("0", text.strip())


def fold_misses(misses: Iterable[Miss]) -> list[Miss]:
    """Count misses of one shape together; the first of each stands for all, in order."""
    first: dict[tuple[str, str, str], Miss] = {}
    for miss in misses:
        key = (miss.channel, miss.reason, skeleton(miss.text))
        known = first.get(key)
        if known is None:
            first[key] = miss
        else:
            first[key] = known.model_copy(update={"count": known.count + miss.count})
    return list(first.values())
