"""Durations from handlers and options, up to the year 9999.

Dates end there, in Python and in other runtimes. A duration that would end later is rejected before anything is
journaled.
"""

from __future__ import annotations

import math
import reprlib
import sys
from datetime import timedelta
from typing import Final

from awaken.errors import UsageError
from awaken.timing import wall_clock

__all__ = [
    "LAST_MS",
    "above_zero",
    "exact",
    "longest",
    "milliseconds",
    "moment_after",
    "retry_delay",
    "within_time",
]

#: The last time that dates can express: 9999-12-31T23:59:59.999Z, in UTC milliseconds.
LAST_MS: Final = 253_402_300_799_999

#: Allowance for the difference between two clocks: another machine adds the delay to its own time.
_SLACK_MS: Final = 86_400_000

#: Servers up to 1.7.12 fail on a retry that is 795 days away, and add up to a third to the delay.
_LONGEST_RETRY_MS: Final = 365 * 86_400_000

_MILLISECOND: Final = timedelta(milliseconds=1)


def milliseconds(duration: timedelta | float, what: str) -> int:
    """Return a duration in whole milliseconds, rounded towards zero.

    Args:
        duration: a `timedelta`, or seconds.
        what: names the duration in the error text, as in `the delay of ctx.sleep`.

    Raises:
        UsageError: it is not a duration, or it ends after the year 9999.
    """
    if isinstance(duration, timedelta):
        whole = int(duration / _MILLISECOND)
    elif isinstance(duration, (int, float)) and not isinstance(duration, bool):
        if isinstance(duration, float) and not math.isfinite(duration):
            raise UsageError(f"{what} is {duration!r} seconds; give a datetime.timedelta or finite seconds")
        whole = int(max(min(duration, LAST_MS), -LAST_MS) * 1000)
    else:
        raise UsageError(
            f"{what} is {_shown(duration)}, of type {type(duration).__name__}; "
            "give a datetime.timedelta, or seconds as an int or float"
        )
    if whole > longest():
        raise UsageError(
            f"{what} is {_shown(duration)}, which ends after the year 9999, the last one that dates can express; "
            "give a shorter one"
        )
    return whole


def within_time(duration: timedelta | float, what: str) -> int:
    """Return a duration that must not be negative, in whole milliseconds.

    Raises:
        UsageError: it is not a duration, is negative, or ends after the year 9999.
    """
    whole = milliseconds(duration, what)
    if whole < 0:
        raise UsageError(f"{what} is negative ({_shown(duration)}); give zero or more")
    return whole


def above_zero(duration: timedelta | float, what: str) -> int:
    """Return a duration of at least a millisecond, in whole milliseconds.

    Raises:
        UsageError: it is not a duration, is shorter than a millisecond, or ends after the year 9999.
    """
    whole = milliseconds(duration, what)
    if whole < 1:
        raise UsageError(f"{what} is {_shown(duration)}; give a millisecond or more")
    return whole


def retry_delay(duration: timedelta | float, what: str) -> int:
    """Return the delay before a retry in whole milliseconds; zero if it is negative.

    Raises:
        UsageError: it is not a duration, or it is longer than 365 days.
    """
    whole = milliseconds(duration, what)
    if whole > _LONGEST_RETRY_MS:
        raise UsageError(
            f"{what} is {_shown(duration)}, and servers do not keep a retry for longer than 365 days; give a shorter "
            "one, or wait with ctx.sleep"
        )
    return max(0, whole)


def moment_after(duration: timedelta | float, what: str) -> int:
    """Return the time when a duration from now ends, in UTC milliseconds. It is in the past for a negative duration.

    Raises:
        UsageError: as for `milliseconds`.
    """
    return max(0, wall_clock.now_ms() + milliseconds(duration, what))


def exact(duration: timedelta | float) -> timedelta:
    """Return a duration that was already checked as a timedelta. A number means seconds."""
    return duration if isinstance(duration, timedelta) else timedelta(seconds=duration)


def _shown(value: object) -> str:
    """Return the representation of a value, shortened; Python does not write integers of more than 4,300 digits."""
    if isinstance(value, timedelta):
        return repr(value)  # it is never long, and its middle matters
    try:
        return reprlib.repr(value)
    except ValueError:
        return f"an {type(value).__name__} of more than {sys.get_int_max_str_digits()} digits"


def longest(now_ms: int | None = None) -> int:
    """Return the longest duration, in milliseconds, that starts now and ends within the year 9999."""
    return LAST_MS - _SLACK_MS - (wall_clock.now_ms() if now_ms is None else now_ms)
