"""Where the rows of a timeline are drawn: in a field 1000 wide, from the first moment of the part to its last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from awaken.pages.times import describe_span
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.inbox.timeline.attempts import Attempt
    from awaken.inbox.timeline.rows import Row

__all__ = ["WIDTH", "Band", "Line", "Picture", "Tick", "draw"]

#: Of the field.
WIDTH: Final = 1000
_SECOND: Final = 1_000
#: Milliseconds below which durations have a fraction.
_PRECISE: Final = 20 * _SECOND
#: Bands that are drawn; a handler that fails for days has more, and they would be thinner than a line.
_BANDS: Final = 40


@dataclass(frozen=True, slots=True)
class Line:
    """A row, and where its bar is."""

    row: Row
    start: float
    end: float
    #: How long it took, or takes so far, for people; empty for what takes no time.
    took: str
    #: Exact moments, for people; `ended` is empty while it waits, and for what takes no time.
    began: str
    ended: str


@dataclass(frozen=True, slots=True)
class Band:
    """An attempt behind the bars."""

    attempt: Attempt
    start: float
    width: float
    #: Whether its failure is the current one.
    is_current: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A label of the axis."""

    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn."""

    lines: list[Line]
    bands: list[Band]
    #: From left to right, at equal distances.
    ticks: list[Tick]


def draw(rows: Sequence[Row], attempts: Sequence[Attempt], now_ms: int, *, is_failing: bool) -> Picture:
    """Lay out a timeline.

    Args:
        rows: those of the part.
        attempts: of the invocation, in order.
        now_ms: where open waits end, in UTC milliseconds.
        is_failing: whether the last failure is the current one.
    """
    if not rows:
        return Picture([], [], [])
    first = min(row.start_ms for row in rows)
    last = max(*(now_ms if row.end_ms is None else row.end_ms for row in rows), first + 1)
    failed = [one for one in attempts if one.error]
    #: It is so from then on: a failure that repeats the one before is not noted again.
    current = failed[-1] if is_failing and failed else None
    if current is not None:
        last = max(last, now_ms)

    def x(at_ms: int) -> float:
        return round(min(max((at_ms - first) / (last - first), 0), 1) * WIDTH, 1)

    bands = [
        _band(one, x(one.start_ms), x(now_ms if one is current else one.end_ms), is_current=one is current)
        for one in attempts[-_BANDS:]
        if one.end_ms >= first and one.start_ms <= last
    ]
    lines = [
        Line(
            row,
            x(row.start_ms),
            x(_end(row, now_ms)),
            _took(row, now_ms),
            _exact(row.start_ms),
            "" if row.end_ms is None or row.end_ms == row.start_ms else _exact(row.end_ms),
        )
        for row in rows
    ]
    span = last - first
    ticks = [Tick(_span(round(span * part)) if part else "0") for part in (0, 0.25, 0.5, 0.75, 1)]
    return Picture(lines, bands, ticks)


def _band(attempt: Attempt, start: float, end: float, *, is_current: bool) -> Band:
    return Band(attempt, start, round(end - start, 1), is_current)


def _exact(at_ms: int) -> str:
    moment = datetime.fromtimestamp(min(max(at_ms, 0), LAST_MS) // 1000, UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M:%S}.{at_ms % 1000:03d} UTC"


def _end(row: Row, now_ms: int) -> int:
    return max(row.start_ms, now_ms) if row.end_ms is None else row.end_ms


def _took(row: Row, now_ms: int) -> str:
    span = _end(row, now_ms) - row.start_ms
    return _span(span) if row.end_ms is None or span else ""


def _span(span_ms: int) -> str:
    """Return a duration; short ones with a digit more than elsewhere, because they are compared."""
    is_short = _SECOND <= span_ms < _PRECISE
    return f"{span_ms / _SECOND:.1f} s" if is_short else describe_span(span_ms)
