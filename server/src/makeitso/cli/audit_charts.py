"""Charts as inline SVG: a curve of two quantities over time, rows of bars, spans on a time axis.

Every text is escaped here. Nothing is said by colour alone: bars carry words, and each chart has a
title, a description and a table beside it.
"""

from __future__ import annotations

import datetime as dt
import html
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from makeitso.cli.console import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from makeitso.journal.timeline import TokenPoint

    Scale = Callable[[float], float]

WIDTH = 760
_LEFT, _RIGHT, _TOP = 64, 16, 12
_CURVE = 190
"""Height of the curve's plane."""
_ROW, _LABEL, _WORDS = 24, 220, 150
"""Height of a row of bars, and the room for its name and for the words behind it."""
_NARROWEST = 2.0


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A row of bars: a name, parts with their class, and words behind them."""

    name: str
    parts: tuple[tuple[float, str], ...]
    words: str


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of time, Unix ms."""

    name: str
    begin: int
    end: int
    kind: str
    words: str


def escape(text: str) -> str:
    """Text of anybody as text of a page: markup and control characters are shown, not obeyed."""
    return html.escape(visible(text.replace("\n", " ").replace("\t", " ")), quote=True)


def clock(at: int, *, span_ms: int = 0) -> str:
    """An instant in UTC, as fine as the span it stands in wants it."""
    when = dt.datetime.fromtimestamp(at / 1000, tz=dt.UTC)
    if span_ms > 2 * 86_400_000:
        return f"{when:%d %b}"
    if 0 < span_ms < 8000:  # marks less than two seconds apart would all say the same
        return f"{when:%H:%M:%S}.{when.microsecond // 10_000:02}"
    return f"{when:%H:%M}" if span_ms > 600_000 else f"{when:%H:%M:%S}"


def curve(name: str, about: str, points: Sequence[TokenPoint]) -> str:
    """Tokens over time: the manager's, and the workers' stacked on them."""
    if not points:
        return ""
    begin = points[0].at
    # Room behind the last step, or it would be an edge that nobody sees.
    end = points[-1].at + max(1, (points[-1].at - begin) // 25)
    top = _nice(max(p.manager + p.worker for p in points))
    plane = WIDTH - _LEFT - _RIGHT

    def x(at: float) -> float:
        return _LEFT + plane * ((at - begin) / (end - begin) if end > begin else 1.0)

    def y(value: float) -> float:
        return _TOP + _CURVE * (1 - value / top)

    body = [_grid(top, y), _hours(begin, end, x, _TOP + _CURVE)]
    points = [*points, replace(points[-1], at=end)]
    lower = [(x(p.at), y(p.manager)) for p in points]
    upper = [(x(p.at), y(p.manager + p.worker)) for p in points]
    floor = [(x(p.at), y(0)) for p in points]
    body.append(f'<path class="area worker" d="{_band(upper, lower)}"/>')
    body.append(f'<path class="area manager" d="{_band(lower, floor)}"/>')
    return _svg(name, about, _TOP + _CURVE + 26, body)


def bars(name: str, about: str, rows: Sequence[Bar]) -> str:
    """Rows of bars to one scale."""
    if not rows:
        return ""
    most = max(sum(value for value, _ in row.parts) for row in rows) or 1.0
    plane = WIDTH - _LABEL - _WORDS
    body: list[str] = []
    for number, row in enumerate(rows):
        top = 4 + number * _ROW
        body.append(_row_name(row.name, top))
        at = float(_LABEL)
        for value, kind in row.parts:
            if value <= 0:
                continue
            width = max(_NARROWEST, plane * value / most)
            body.append(_rect(at, top, width, kind))
            at += width
        body.append(
            f'<text class="words" x="{at + 6:.1f}" y="{top + 13}">{escape(row.words)}</text>'
        )
    return _svg(name, about, 8 + len(rows) * _ROW, body)


def spans(name: str, about: str, rows: Sequence[Span]) -> str:
    """Stretches on one time axis, a row each."""
    if not rows:
        return ""
    begin, end = min(row.begin for row in rows), max(row.end for row in rows)
    plane = WIDTH - _LABEL - _WORDS

    def x(at: float) -> float:
        return _LABEL + plane * ((at - begin) / (end - begin) if end > begin else 0.0)

    bottom = 8 + len(rows) * _ROW
    body = [_hours(begin, end, x, bottom)]
    for number, row in enumerate(rows):
        top = 4 + number * _ROW
        width = max(_NARROWEST, x(row.end) - x(row.begin))
        body.append(_row_name(row.name, top))
        body.append(_rect(x(row.begin), top, width, row.kind))
        after = x(row.begin) + width + 6
        body.append(
            f'<text class="words" x="{after:.1f}" y="{top + 13}">{escape(row.words)}</text>'
        )
    return _svg(name, about, bottom + 26, body)


def _svg(name: str, about: str, height: int, body: Sequence[str]) -> str:
    key = "".join(c for c in name.lower() if c.isalnum())
    return (
        f'<svg role="img" viewBox="0 0 {WIDTH} {height}" aria-labelledby="{key}-t {key}-d">'
        f'<title id="{key}-t">{escape(name)}</title><desc id="{key}-d">{escape(about)}</desc>'
        f"{''.join(body)}</svg>"
    )


def _row_name(name: str, top: int) -> str:
    short = name if len(name) <= 32 else f"{name[:31]}…"
    return (
        f'<text class="name" x="{_LABEL - 8}" y="{top + 13}">'
        f"<title>{escape(name)}</title>{escape(short)}</text>"
    )


def _rect(x: float, top: int, width: float, kind: str) -> str:
    size = f'width="{width:.1f}" height="{_ROW - 7}"'
    return f'<rect class="{kind}" x="{x:.1f}" y="{top}" {size} rx="2"/>'


def _band(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]]) -> str:
    """The area between two step lines: a value holds until the next one."""
    there = _steps(upper)
    back = list(reversed(_steps(lower)))
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in (*there, *back)) + "Z"


def _steps(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    found = [points[0]]
    for x, y in points[1:]:
        found += [(x, found[-1][1]), (x, y)]
    return found


def _grid(top: float, y: Scale) -> str:
    lines: list[str] = []
    for part in range(5):
        value = top * part / 4
        lines.append(
            f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(value):.1f}" '
            f'y2="{y(value):.1f}"/><text class="tick end" x="{_LEFT - 6}" '
            f'y="{y(value) + 4:.1f}">{short_number(value)}</text>'
        )
    return "".join(lines)


def _hours(begin: int, end: int, x: Scale, bottom: float) -> str:
    count = 4 if end > begin else 0
    found: list[str] = []
    for part in range(count + 1):
        at = begin + (end - begin) * part // max(1, count)
        side = "start" if part == 0 else "end" if part == count else "mid"
        found.append(
            f'<text class="tick {side}" x="{x(at):.1f}" y="{bottom + 18:.1f}">'
            f"{clock(at, span_ms=end - begin)}</text>"
        )
    return "".join(found)


def _nice(value: float) -> float:
    """The next round number with four equal parts."""
    step = 1.0
    while step * 4 < value:
        for times in (2, 4, 5, 10):
            if step * times * 4 >= value:
                return step * times * 4
        step *= 10
    return step * 4


def short_number(value: float) -> str:
    """A number on an axis."""
    if value >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
