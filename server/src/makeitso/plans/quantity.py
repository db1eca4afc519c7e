"""Numbers and durations as people write them: `120k`, `1.5M`, `250_000`, `90s`, `1h30m`."""

from __future__ import annotations

import math
import re
from decimal import Decimal

_COUNT = re.compile(r"([0-9]+(?:[_,][0-9]+)*(?:\.[0-9]+)?)\s*([kKmM]?)(?:\s*tokens?)?$", re.ASCII)
_DURATION = re.compile(
    r"(?P<value>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>ms|h(?:ours?)?|m(?:in(?:utes?)?)?|s(?:ec(?:onds?)?)?)\s*",
    re.ASCII,
)
_ZEROS = {"": 0, "k": 3, "m": 6}
_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600)}
_LONGEST = 400
"""Characters of the longest number worth reading; keeps the arithmetic small on hostile text."""
_EXACT = 1e12
"""Seconds below which dividing by 60 or 3600 loses nothing in a double."""


def parse_count(text: str) -> int | None:
    """Read a count of tokens; None when the text is no whole number of them."""
    text = text.strip()
    match = _COUNT.match(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    whole, _, fraction = re.sub("[_,]", "", match[1]).partition(".")
    fraction = fraction.rstrip("0")
    zeros = _ZEROS[match[2].lower()] - len(fraction)
    return int(whole + fraction) * 10**zeros if zeros >= 0 else None


def format_count(count: int) -> str:
    """Write a count so that `parse_count` gives it back, the short way where that is exact."""
    if count and count % 1_000_000 == 0:
        return f"{count // 1_000_000}M"
    if count and count % 1_000 == 0:
        return f"{count // 1_000}k"
    return f"{count:_}" if count >= 10_000 else str(count)


def parse_duration(text: str) -> float | None:
    """Read a duration in seconds; a bare number is seconds. None: not one, or not positive."""
    text = text.strip().lower()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text, re.ASCII):
        text += "s"
    total, position = Decimal(0), 0
    while position < len(text):
        match = _DURATION.match(text, position)
        if match is None:
            return None
        unit: str = match["unit"]
        total += Decimal(match["value"]) * _SECONDS["ms" if unit == "ms" else unit[0]]
        position = match.end()
    seconds = float(total)
    return seconds if seconds > 0 and math.isfinite(seconds) else None


def format_duration(seconds: float) -> str:
    """Write a finite positive duration so that `parse_duration` gives it back."""
    for unit, size in (("h", 3600), ("m", 60)):
        if seconds < _EXACT and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    text = format(Decimal(repr(seconds)), "f")
    return f"{text.removesuffix('.0')}s"
