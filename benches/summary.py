"""The table of README.md: awaken beside others, with figures from stored results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benches.tables import show_number

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["list_summary"]

#: Columns, with the name of each in `benches.alternatives` and in `benches.runtimes`.
SYSTEMS = {
    "awaken": ("awaken-dev", "awaken-runtime"),
    "Restate, official SDK": (None, "server-granian"),
    "Temporal": ("temporal-dev", None),
    "DBOS": ("dbos-postgres", None),
    "Celery": ("celery-durable", None),
}
RUNS = {
    "awaken": "one process, one file; or a Restate server",
    "Restate, official SDK": "a server and an endpoint",
    "Temporal": "a server, its database, and workers",
    "DBOS": "your process and PostgreSQL",
    "Celery": "a broker and workers",
}
PEOPLE = {
    "awaken": "forms, mails, Slack, quorum, reminders, an inbox",
    "Restate, official SDK": "an id to resolve",
    "Temporal": "signals",
    "DBOS": "messages",
    "Celery": "no",
}
NOT_MEASURED = ""


def list_summary(results: Mapping[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return head and rows."""
    alternatives = results.get("alternatives", {}).get("medians", {})
    runtimes = results.get("runtimes", {}).get("medians", {})

    def measured(medians: Mapping[str, Any], scenario: str, metric: str, place: int, unit: str) -> list[str]:
        systems = medians.get(scenario, {})
        values = [systems.get(names[place], {}).get(metric) for names in SYSTEMS.values()]
        return [NOT_MEASURED if value is None else f"{show_number(value)} {unit}" for value in values]

    rows = [
        ("what must run", *RUNS.values()),
        ("waiting for people", *PEOPLE.values()),
        (
            "a call with one recorded step, p50",
            *measured(alternatives, "one step, 1 caller", "p50_ms", 0, "ms"),
        ),
        ("from an answer to the result, p50", *measured(alternatives, "answer to result", "p50_ms", 0, "ms")),
        (
            "CPU of runtime and endpoint for 1,000 calls without a step",
            *measured(runtimes, "greet, 32 callers", "cpu", 1, "ms"),
        ),
        ("memory of both", *measured(runtimes, "greet, 32 callers", "memory_mb", 1, "MB")),
    ]
    return ("", *SYSTEMS), rows
