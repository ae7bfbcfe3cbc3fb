"""Queries of the dashboard, over the processes that are chosen in it."""

from __future__ import annotations

from typing import Final

#: Of one process, or of all of a job.
WHICH: Final = 'job=~"$job", instance=~"$instance"'


def select(name: str, labels: str = "") -> str:
    """Return the series of a number, of the chosen processes."""
    return f"{name}{{{WHICH}{', ' if labels else ''}{labels}}}"


def rate(name: str, by: str, labels: str = "") -> str:
    """Return how fast a counter grows, by some labels."""
    return f"sum by ({by}) (rate({select(name, labels)}[$__rate_interval]))"


def quantile(share: float, name: str, by: str = "") -> str:
    """Return a quantile of a histogram, by some labels."""
    grouped = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({grouped}) (rate({select(f'{name}_bucket')}[$__rate_interval])))"


def total(name: str, by: str, labels: str = "") -> str:
    """Return the sum of a gauge over the chosen processes."""
    return f"sum by ({by}) ({select(name, labels)})"


def largest(name: str, by: str, labels: str = "") -> str:
    """Return the largest value of a gauge."""
    return f"max by ({by}) ({select(name, labels)})"
