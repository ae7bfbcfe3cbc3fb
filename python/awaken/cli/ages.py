"""Formats how long ago something happened, for tables."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["age"]


def age(timestamp: object) -> str:
    """Return how long ago a timestamp of the admin API is, in its two largest units."""
    if not isinstance(timestamp, str):
        return ""
    seconds = max(0, int((datetime.now(UTC) - datetime.fromisoformat(timestamp)).total_seconds()))
    units = [
        (seconds // 86400, "d"),
        (seconds // 3600 % 24, "h"),
        (seconds // 60 % 60, "m"),
        (seconds % 60, "s"),
    ]
    while len(units) > 1 and not units[0][0]:
        units.pop(0)
    return " ".join(f"{count}{unit}" for count, unit in units[:2]) + " ago"
