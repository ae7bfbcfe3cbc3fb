"""Rows of the tables in docs/comparison/index.md, from stored results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benches.tables import show_number

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["list_installed", "list_measured"]

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]

COLUMNS = {
    "rate": "per second",
    "cpu": "CPU ms/1,000",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "memory_mb": "memory MB",
}


def list_measured(result: Mapping[str, Any]) -> Table:
    """Return head and rows: a row for each scenario and system."""
    rows: list[tuple[str, ...]] = [
        (
            scenario,
            system,
            *(show_number(values[metric]) if metric in values else "" for metric in COLUMNS),
        )
        for scenario, systems in result.get("medians", {}).items()
        for system, values in systems.items()
    ]
    return ("", "", *COLUMNS.values()), rows


def list_installed(result: Mapping[str, Any]) -> Table:
    """Return head and rows: what each system is in the measurement, and what it took to have it."""
    rows: list[tuple[str, ...]] = [
        (
            f"`{name}`",
            f"{one['title']}, {one['version']}",
            one["durable"],
            one["guarantee"],
            f"{one['packages']} ({one['megabytes']:.0f} MB)",
            str(one["processes"]),
        )
        for name, one in result.get("subjects", {}).items()
    ]
    head = ("", "what runs", "on disk before the result", "if a process dies", "Python packages", "processes")
    return head, rows
