"""Where the rows of a timeline are drawn: in a field 1000 wide, from the first moment of the part to its last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from awaken.pages.times import describe_span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.inbox.timeline.attempts import Attempt
    from awaken.inbox.timeline.rows import Row

__all__ = ["WIDTH", "Band", "Line", "Picture", "Tick", "draw"]

#: Of the field.
WIDTH: Final = 1000
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
    current = failed[-1] if is_failing and failed else None
    if current is not None:
        last = max(last, min(current.end_ms, now_ms))

    def x(at_ms: int) -> float:
        return round(min(max((at_ms - first) / (last - first), 0), 1) * WIDTH, 1)

    bands = [
        Band(one, x(one.start_ms), round(x(one.end_ms) - x(one.start_ms), 1), one is current)
        for one in attempts[-_BANDS:]
        if one.end_ms >= first and one.start_ms <= last
    ]
    lines = [Line(row, x(row.start_ms), x(_end(row, now_ms)), _took(row, now_ms)) for row in rows]
    span = last - first
    ticks = [Tick(describe_span(round(span * part)) if part else "0") for part in (0, 0.25, 0.5, 0.75, 1)]
    return Picture(lines, bands, ticks)


def _end(row: Row, now_ms: int) -> int:
    return max(row.start_ms, now_ms) if row.end_ms is None else row.end_ms


def _took(row: Row, now_ms: int) -> str:
    span = _end(row, now_ms) - row.start_ms
    return describe_span(span) if row.end_ms is None or span else ""
