"""Times as people write them: `18:00`, `2026-11-22 18:00`, `2026-11-22T18:00+01:00`, `17:00Z`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time

_MOMENT = re.compile(
    r"(?:(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ])?"
    r"(?P<time>[0-2][0-9]:[0-5][0-9](?::[0-5][0-9])?)\s*(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A time of a day, or of any day; without a zone it is a local time."""

    day: date | None
    time: time

    @property
    def text(self) -> str:
        """Written so that `parse_moment` gives it back."""
        day = f"{self.day.isoformat()}T" if self.day is not None else ""
        clock = self.time.isoformat("seconds" if self.time.second else "minutes")
        return day + clock.replace("+00:00", "Z")


def parse_moment(text: str) -> Moment | None:
    """Read a time; None when it is none."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        return None
    zone: str = (match["zone"] or "").upper()
    try:
        clock = time.fromisoformat(match["time"] + zone)
        day = date.fromisoformat(match["date"]) if match["date"] else None
    except ValueError:
        return None
    return Moment(day=day, time=clock)
