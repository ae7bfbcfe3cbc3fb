"""Tables that say in a few lines how awaken compares with others, with figures from stored results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benches.tables import show_number

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["list_costs", "list_summary"]

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]

#: Columns, with the name of each in `benches.alternatives`, `benches.runtimes` and `benches.peers`.
SYSTEMS = {
    "awaken": ("awaken-dev", "awaken-runtime", "awaken"),
    "Restate, official SDK": (None, "server-granian", "granian"),
    "Temporal": ("temporal-dev", None, None),
    "DBOS": ("dbos-postgres", None, None),
    "Celery": ("celery-durable", None, None),
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


def list_summary(results: Mapping[str, Any]) -> Table:
    """Return head and rows of the table in README.md."""
    costs = _costs(results)
    rows = [
        ("what must run", *RUNS.values()),
        ("waiting for people", *PEOPLE.values()),
        costs["one step"],
        costs["answer"],
        costs["CPU"],
        costs["memory"],
    ]
    return ("", *SYSTEMS), rows


def list_costs(results: Mapping[str, Any]) -> Table:
    """Return head and rows of the table with which docs/comparison/performance.md begins."""
    return ("", *SYSTEMS), [*_costs(results).values()]


def _costs(results: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return a row for each figure, by a short name. In README.md, each is understood by itself."""
    alternatives, runtimes, peers = (
        results.get(name, {}).get(part, {})
        for name, part in (("alternatives", "medians"), ("runtimes", "medians"), ("peers", "holds"))
    )

    def measured(
        systems: Mapping[str, Any], metric: str, place: int, unit: str, scale: float = 1
    ) -> list[str]:
        values = [systems.get(names[place] or "", {}).get(metric) for names in SYSTEMS.values()]
        return [NOT_MEASURED if value is None else f"{show_number(value / scale)}{unit}" for value in values]

    step, answer = (alternatives.get(scenario, {}) for scenario in ("one step, 1 caller", "answer to result"))
    greet = runtimes.get("greet, 32 callers", {})
    return {
        "one step": ("a call with one recorded step, p50", *measured(step, "p50_ms", 0, " ms")),
        "CPU of one step": (
            "CPU for 1,000 of them, the calling program's included",
            *measured(step, "cpu", 0, " ms"),
        ),
        "answer": ("from an answer to the result, p50", *measured(answer, "p50_ms", 0, " ms")),
        "rate": ("calls without a step in a second, 32 callers", *measured(greet, "rate", 1, "")),
        "CPU": (
            "CPU of runtime and endpoint for 1,000 calls without a step",
            *measured(greet, "cpu", 1, " ms"),
        ),
        "memory": ("memory of both", *measured(greet, "memory_mb", 1, " MB")),
        "wait": (
            "memory of an endpoint for each handler that waits in it",
            *measured(peers, "memory_each", 2, " KB", 1000),
        ),
    }
