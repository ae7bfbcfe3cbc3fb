"""Times and intervals that a question names, read when it is translated."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from awaken.runtime.query.errors import QueryError

__all__ = ["Interval", "add_interval", "read_interval", "read_moment", "truncate"]

MS: Final = 1_000_000
_SECOND: Final = 1_000_000_000
_DAY: Final = 86_400 * _SECOND
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION: Final = re.compile(r"\.(\d+)")

_MONTHS: Final = {"month": 1, "mon": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200}
_NANOSECONDS: Final = {
    "nanosecond": 1,
    "microsecond": 1_000,
    "us": 1_000,
    "millisecond": MS,
    "ms": MS,
    "second": _SECOND,
    "sec": _SECOND,
    "s": _SECOND,
    "minute": 60 * _SECOND,
    "min": 60 * _SECOND,
    "m": 60 * _SECOND,
    "hour": 3600 * _SECOND,
    "h": 3600 * _SECOND,
}
_DAYS: Final = {"day": 1, "d": 1, "week": 7, "w": 7}
_PART: Final = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*([a-z]*)\s*")
_CLOCK: Final = re.compile(r"\s*([+-]?)(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?\s*$")


class Interval(NamedTuple):
    """A length of time, in units that do not have a fixed ratio."""

    months: int = 0
    days: int = 0
    nanoseconds: int = 0

    @property
    def total_ns(self) -> int:
        """Nanoseconds, with days of 24 hours. Raises QueryError if it has months."""
        if self.months:
            raise QueryError(f"the interval {self} has months, which differ in length; use days")
        return self.days * _DAY + self.nanoseconds

    def __neg__(self) -> Interval:
        return Interval(-self.months, -self.days, -self.nanoseconds)

    def __str__(self) -> str:
        """Return it as answers show it: `1 days 2 hours`."""
        seconds, rest = divmod(abs(self.nanoseconds), _SECOND)
        sign = "-" if self.nanoseconds < 0 else ""
        fraction = f".{rest:09d}".rstrip("0") if rest else ""
        years, months = divmod(abs(self.months), 12)
        minus = "-" if self.months < 0 else ""
        parts = [
            *([f"{minus}{years} years"] if years else []),
            *([f"{minus}{months} mons"] if months else []),
            *([f"{self.days} days"] if self.days else []),
            *([f"{sign}{seconds // 3600} hours"] if seconds // 3600 else []),
            *([f"{sign}{seconds // 60 % 60} mins"] if seconds // 60 % 60 else []),
            *([f"{sign}{seconds % 60}{fraction} secs"] if seconds % 60 or rest else []),
        ]
        return " ".join(parts) or "0 secs"


def read_interval(text: str, unit: str | None) -> Interval:
    """Read `interval '1 hour 30 minutes'`, `interval '1' hour` or `interval '01:30:00'`. Raises QueryError."""
    clock = _CLOCK.match(text)
    if clock:
        sign, hours, minutes, seconds = clock.groups()
        total = int(hours) * 3600 * _SECOND + int(minutes) * 60 * _SECOND
        total += round(float(seconds or 0) * _SECOND)
        return Interval(nanoseconds=-total if sign == "-" else total)
    found, position, lowered = Interval(), 0, text.lower()
    while position < len(lowered):
        part = _PART.match(lowered, position)
        if part is None:
            break
        position = part.end()
        found = _add(found, float(part[1]), (part[2] or (unit or "second").lower()), text)
    if position < len(lowered) or not lowered.strip():
        raise QueryError(f"Parser error: Invalid input syntax for type interval: {text!r}")
    return found


def _add(to: Interval, number: float, unit: str, text: str) -> Interval:
    name = unit if unit in {"us", "ms", "s"} else unit.removesuffix("s")
    name = "century" if name == "centurie" else name
    if name in _MONTHS:
        return to._replace(months=to.months + round(number * _MONTHS[name]))
    if name in _DAYS:
        whole = number * _DAYS[name]
        rest = round((whole - int(whole)) * _DAY)
        return to._replace(days=to.days + int(whole), nanoseconds=to.nanoseconds + rest)
    if name in _NANOSECONDS:
        return to._replace(nanoseconds=to.nanoseconds + round(number * _NANOSECONDS[name]))
    raise QueryError(f"Parser error: Invalid input syntax for type interval: {text!r}: {unit!r} is no unit")


def read_moment(text: str) -> int:
    """Return a time in ISO 8601 as UTC nanoseconds; without a zone it is UTC. Raises QueryError."""
    fraction = _FRACTION.search(text)
    try:
        at = datetime.fromisoformat(_FRACTION.sub("", text.strip(), count=1))
    except ValueError as error:
        raise QueryError(
            f"Arrow error: Parser error: Error parsing timestamp from '{text}': {error}"
        ) from error
    since = (at if at.tzinfo else at.replace(tzinfo=UTC)) - _START
    nanoseconds = int(f"{fraction[1]:0<9}"[:9]) if fraction else 0
    return since // timedelta(seconds=1) * _SECOND + nanoseconds


def add_interval(at_ns: int, interval: Interval) -> int:
    """Return a later time: months first, and of these the last day if there is no such day."""
    if interval.months:
        seconds, rest = divmod(at_ns, _SECOND)
        at = _START + timedelta(seconds=seconds)
        year, month = divmod(at.year * 12 + at.month - 1 + interval.months, 12)
        day = min(at.day, calendar.monthrange(year, month + 1)[1])
        at_ns = (at.replace(year=year, month=month + 1, day=day) - _START) // timedelta(
            seconds=1
        ) * _SECOND + rest
    return at_ns + interval._replace(months=0).total_ns


def truncate(unit: str, at_ns: int) -> int:
    """Return the beginning of the hour, day, week, month, ... of a time. Raises QueryError for another unit."""
    name = unit.lower()
    if name in _NANOSECONDS:
        return at_ns - at_ns % _NANOSECONDS[name]
    day = _START + timedelta(days=at_ns // _DAY)
    match name:
        case "day":
            start = day
        case "week":
            start = day - timedelta(days=day.weekday())
        case "month":
            start = day.replace(day=1)
        case "quarter":
            start = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            start = day.replace(month=1, day=1)
        case _:
            raise QueryError(f"Execution error: Unsupported date_trunc granularity: '{unit}'")
    return (start - _START) // timedelta(days=1) * _DAY
