"""Times of the clock: what a written time stands for here and now, and how one is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, time

    from makeitso.plans.moments import Moment
    from makeitso.protocol.wait import WaitView

_ONE_DAY = timedelta(days=1)


def here(at_ms: int) -> datetime:
    """A moment in Unix ms as the local clock shows it; the end of the calendar for later ones."""
    try:
        return datetime.fromtimestamp(at_ms / 1000).astimezone()
    except (OverflowError, OSError, ValueError):
        return datetime.max.replace(tzinfo=UTC)


def when(moment: Moment, *, now: datetime) -> datetime:
    """The moment a written time stands for; without a day it is the next such time after `now`.

    A time without a zone is local, by the rules of the zone on that day.

    Raises:
        OverflowError: it lies past the end of the calendar.
    """
    if moment.day is not None:
        return _aware(moment.day, moment.time)
    today = now.astimezone(moment.time.tzinfo).date()
    found = _aware(today, moment.time)
    return found if found > now else _aware(today + _ONE_DAY, moment.time)


def _aware(day: date, clock: time) -> datetime:
    whole = datetime.combine(day, clock)
    return whole if whole.tzinfo is not None else whole.astimezone()


def clock_text(at_ms: int, *, now_ms: int) -> str:
    """A moment as people say it: `18:00` today, `18:00:05`, else `2026-11-23 18:00`, local time."""
    at, now = here(at_ms), here(now_ms)
    text = f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"
    return text if at.date() == now.date() else f"{at:%Y-%m-%d} {text}"


def span_text(seconds: float) -> str:
    """How long something takes, roughly: `45 s`, `12 min`, `2 h 5 min`, `3 d 4 h`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def wait_line(wait: WaitView, *, now_ms: int) -> str:
    """What a task waits for, and how long still: `waits until 18:00, 12 min left`."""
    left = span_text((wait.until - now_ms) / 1000)
    if wait.command is None:
        return f"waits {wait.because}, {left} left"
    said = f"waits {wait.because}"
    if wait.looks:
        ended = "did not end in time" if wait.exit_code is None else f"exit {wait.exit_code}"
        said += f"; {wait.looks} looks, the last: {ended}" if wait.looks > 1 else f"; {ended}"
    if wait.next_look is not None:
        said += f"; next look in {span_text((wait.next_look - now_ms) / 1000)}"
    return f"{said}; given up in {left}"
