"""Durations as people and the server write them: `10s`, `1h 30m`, `2 days`, `PT1.5S`.

The grammar was measured on the official server: the friendly form with a unit on every number, or ISO 8601. Months and
years are refused, because their length depends on a calendar.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from awaken.timing.time_limits import longest

__all__ = ["duration_of", "format_duration", "format_iso_duration", "parse_duration"]

#: Characters of the longest duration that is read. Python refuses numbers of thousands of digits.
_MAX_LENGTH: Final = 200

_US: Final = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}
_NAMES: Final = {
    "us": ("us", "µs", "μs", "usec", "usecs", "micro", "micros", "microsecond", "microseconds"),
    "ms": ("ms", "msec", "msecs", "milli", "millis", "millisecond", "milliseconds"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
    "w": ("w", "wk", "wks", "week", "weeks"),
}
_UNITS: Final = {name: _US[unit] for unit, names in _NAMES.items() for name in names}
_CALENDAR: Final = frozenset(("mo", "mos", "month", "months", "y", "yr", "yrs", "year", "years"))

_FRIENDLY: Final = re.compile(r"(\d+)(?:\.(\d+))?\s*([a-zµμ]+)(?:\s*,\s+|\s*)", re.ASCII)
_ISO: Final = re.compile(
    r"P(?:(?P<y>\d+)Y)?(?:(?P<mo>\d+)M)?(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:[.,]\d{1,9})?)S)?)?",
    re.IGNORECASE | re.ASCII,
)


def parse_duration(text: str) -> timedelta:
    """Parse a duration, exact to the microsecond.

    Raises:
        ValueError: the text is not a duration, is negative, needs a calendar, or ends after the year 9999.
    """
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"{text[:20]!r}... is not a duration; it has {len(text)} characters")
    stripped = text.strip()
    if stripped == "0":
        return timedelta()
    is_negative = stripped.startswith("-")
    unsigned = stripped[1:].lstrip() if stripped[:1] in ("-", "+") else stripped
    microseconds = _iso(unsigned) if unsigned[:1] in ("P", "p") else _friendly(unsigned)
    if microseconds is None:
        raise ValueError(
            f"{text!r} is not a duration; write a number and a unit as in 10s or 1h30m, or PT10S"
        )
    if is_negative and microseconds:
        raise ValueError(f"{text!r}: negative signed durations cannot be converted to an unsigned duration")
    if microseconds > (limit := longest() * 1000):
        days = timedelta(microseconds=limit).days
        raise ValueError(f"{text!r} is longer than {days} days, and ends after the year 9999")
    return timedelta(microseconds=microseconds)


def duration_of(milliseconds: int) -> timedelta:
    """Return a stored duration, capped at the longest timedelta: older stores and manifests have longer ones."""
    try:
        return timedelta(milliseconds=milliseconds)
    except OverflowError:
        return timedelta.max


def format_duration(duration: timedelta) -> str:
    """Format a duration in the short form: `1d`, `1h 30m`, `500ms`, `0s`."""
    rest = duration // timedelta(microseconds=1)
    parts = []
    for unit in ("d", "h", "m", "s", "ms", "us"):
        count, rest = divmod(rest, _US[unit])
        if count:
            parts.append(f"{count}{'µs' if unit == 'us' else unit}")
    return " ".join(parts) or "0s"


def format_iso_duration(duration: timedelta) -> str:
    """Format a duration as results of SQL queries do: `PT86400S`, `PT0.5S`, and `P0D` for zero."""
    seconds, microseconds = divmod(duration // timedelta(microseconds=1), 1_000_000)
    if not seconds and not microseconds:
        return "P0D"
    fraction = f".{microseconds:06d}".rstrip("0") if microseconds else ""
    return f"PT{seconds}{fraction}S"


def _friendly(text: str) -> int | None:
    total, position = 0, 0
    while position < len(text):
        match = _FRIENDLY.match(text, position)
        if match is None:
            return None
        whole, fraction, unit = match.groups()
        if unit in _CALENDAR:
            raise _calendar(text)
        if unit not in _UNITS or (match.group().rstrip().endswith(",") and match.end() == len(text)):
            return None
        size = _UNITS[unit]
        total += int(whole) * size
        if fraction:
            total += int(fraction[:9]) * size // 10 ** len(fraction[:9])
        position = match.end()
    return total if position else None


def _iso(text: str) -> int | None:
    match = _ISO.fullmatch(text)
    if match is None or not any(match.groupdict().values()):
        return None
    parts = match.groupdict(default="0")
    if parts["y"] != "0" or parts["mo"] != "0":
        raise _calendar(text)
    seconds, _, fraction = parts["s"].replace(",", ".").partition(".")
    total = sum(int(parts[unit]) * _US[unit] for unit in ("w", "d", "h", "m"))
    return total + int(seconds) * _US["s"] + int(fraction[:6].ljust(6, "0"))


def _calendar(text: str) -> ValueError:
    return ValueError(f"{text!r}: the length of months and years varies, please use units of days or smaller")
