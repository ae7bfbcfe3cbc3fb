"""Rows of the tables in docs/comparison/index.md, from stored results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benches.tables import show_number

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["is_busy", "list_installed", "list_measured"]

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]

#: Share of the machine that other processes may use before rates and the slowest operations say more about them.
QUIET = 0.2
OF_A_QUIET_MACHINE = ("rate", "p99_ms")
COLUMNS = {
    "rate": "per second",
    "cpu": "CPU ms/1,000",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "memory_mb": "memory MB",
}


def is_busy(result: Mapping[str, Any]) -> bool:
    """Return whether other processes used much of the machine during the measurement."""
    return bool(result.get("foreign_cpu_share", 0.0) > QUIET)


def list_measured(result: Mapping[str, Any]) -> Table:
    """Return head and rows: a row for each scenario and system. On a busy machine, some columns are left out."""
    columns = {
        metric: title
        for metric, title in COLUMNS.items()
        if metric not in OF_A_QUIET_MACHINE or not is_busy(result)
    }
    rows: list[tuple[str, ...]] = [
        (
            scenario,
            system,
            *(show_number(values[metric]) if metric in values else "" for metric in columns),
        )
        for scenario, systems in result.get("medians", {}).items()
        for system, values in systems.items()
    ]
    return ("", "", *columns.values()), rows


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
