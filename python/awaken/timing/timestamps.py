"""Stored times as text. Also times that no date has, which older stores hold, are written: as the last one that has."""

from __future__ import annotations

from datetime import UTC, datetime

from awaken.timing.time_limits import LAST_MS

__all__ = ["format_time", "read_time"]


def format_time(at_ms: int, *, end: str = "Z") -> str:
    """Write a time in ISO 8601 with three fractional digits.

    Args:
        at_ms: UTC milliseconds.
        end: what follows the digits.
    """
    seconds, milliseconds = divmod(min(max(at_ms, 0), LAST_MS), 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}{end}"


def read_time(text: str | None) -> int | None:
    """Return a timestamp in ISO 8601 as UTC milliseconds; None for None."""
    return None if text is None else round(datetime.fromisoformat(text).timestamp() * 1000)
