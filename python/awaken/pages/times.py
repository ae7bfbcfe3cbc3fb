"""Times as people write them: `2 h ago`, `3 December, 14:00 UTC`. All are UTC, and say so where a clock is meant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from awaken.timing.time_limits import LAST_MS

__all__ = ["describe_age", "describe_due", "describe_moment", "describe_span", "write_iso"]

_SECOND: Final = 1000
_UNITS: Final = (
    ("d", 86_400 * _SECOND),
    ("h", 3_600 * _SECOND),
    ("min", 60 * _SECOND),
    ("s", _SECOND),
)
_JUST_NOW_MS: Final = 5 * _SECOND


def describe_age(at_ms: int, now_ms: int) -> str:
    """Return how long ago something was, or until it will be: `just now`, `2 h ago`, `in 3 d`.

    Args:
        at_ms: UTC milliseconds.
        now_ms: by the clock of the page. A moment that is little ahead of it is now: clocks differ.
    """
    passed = now_ms - at_ms
    if abs(passed) < _JUST_NOW_MS:
        return "just now"
    if passed > 0:
        return f"{_coarse(passed)} ago"
    size = _size_of(-passed)
    return f"in {_coarse(-passed + size // 2)}"  # what was set to two days a moment ago is not "in 1 d"


def describe_due(at_ms: int, now_ms: int) -> str:
    """Return when something is due that a runtime does by its own clock: `now`, `in a moment`, `in 2 h`."""
    ahead = at_ms - now_ms
    if ahead <= 0:
        return "now"
    return "in a moment" if ahead < _JUST_NOW_MS else describe_age(at_ms, now_ms)


def describe_span(span_ms: int) -> str:
    """Return a duration in its two largest units: `2 d 4 h`, `35 s`, `120 ms`."""
    if span_ms < _SECOND:
        return f"{max(span_ms, 0)} ms"
    parts: list[str] = []
    for unit, size in _UNITS:
        count, span_ms = divmod(span_ms, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(filter(None, parts))


def describe_moment(at_ms: int, now_ms: int, *, has_seconds: bool = False) -> str:
    """Return a moment with day and time of day: `3 December, 14:00 UTC`; with the year unless it is this one.

    Args:
        at_ms: UTC milliseconds.
        now_ms: by the clock of the page.
        has_seconds: whether minutes do not tell moments apart.
    """
    moment, now = _date(at_ms), _date(now_ms)
    year = "" if moment.year == now.year else f" {moment.year}"
    return f"{moment.day} {moment:%B}{year}, {moment:{'%H:%M:%S' if has_seconds else '%H:%M'}} UTC"


def write_iso(at_ms: int) -> str:
    """Return a moment for the attribute `datetime` of `<time>`."""
    return f"{_date(at_ms):%Y-%m-%dT%H:%M:%S}Z"


def _coarse(span_ms: int) -> str:
    size = _size_of(span_ms)
    unit = next(unit for unit, one in _UNITS if one == size)
    return f"{max(span_ms // size, 1)} {unit}"


def _size_of(span_ms: int) -> int:
    """Return the largest unit that a duration has, in milliseconds."""
    return next((size for _, size in _UNITS if span_ms >= size), _SECOND)


def _date(at_ms: int) -> datetime:
    return datetime.fromtimestamp(min(max(at_ms, 0), LAST_MS) // _SECOND, UTC)
