"""Medians, ratios, tables, JSON."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import TYPE_CHECKING, Any

import psutil
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benches.peers.endpoints import Peer
    from benches.peers.measure import Hold, Round
    from benches.peers.scenarios import Goal, Scenario

__all__ = ["absolute_table", "foreign_share", "hold_table", "ratio_table", "to_json"]

METRICS: dict[str, Callable[[Round], float]] = {
    "rate": lambda round_: round_.load.rate,
    "cpu": lambda round_: round_.cpu_ms_per_thousand,
    "p50": lambda round_: round_.load.p50_ms,
    "p99": lambda round_: round_.load.p99_ms,
}


def absolute_table(rounds: Sequence[Round], scenarios: Sequence[Scenario], peers: Sequence[Peer]) -> Table:
    """Medians over all rounds."""
    table = Table(title="Medians")
    table.add_column("scenario", no_wrap=True)
    table.add_column("peer")
    for column in ("per second", "CPU ms/1,000", "p50 ms", "p99 ms", "generator us"):
        table.add_column(column, justify="right")
    for scenario in scenarios:
        for peer in peers:
            mine = select(rounds, scenario, peer)
            cells = [median(map(metric, mine)) for metric in METRICS.values()]
            cost = median(one.load.generator_cpu_seconds / one.load.requests * 1e6 for one in mine)
            shown = [f"{cells[0]:,.0f}", *(f"{cell:,.1f}" for cell in cells[1:]), f"{cost:.1f}"]
            table.add_row(scenario.name, peer.name, *shown, end_section=peer is peers[-1])
    return table


def ratio_table(rounds: Sequence[Round], scenarios: Sequence[Scenario], peers: Sequence[Peer]) -> Table:
    """Medians of the ratios within each round: neighbours in time share the noise of the machine."""
    subject, *others = peers
    table = Table(title=f"{subject.name} / other: median of the ratios of each round (lowest to highest)")
    table.add_column("scenario", no_wrap=True)
    table.add_column("ratio of")
    for other in others:
        table.add_column(f"/ {other.name}", justify="right")
    table.add_column("goal, h2")
    table.add_column("goal, best")
    for scenario in scenarios:
        for name, sign, goal in goals_of(scenario):
            cells = []
            for other in others:
                values = ratios(rounds, scenario, subject, other, METRICS[name])
                cells.append(f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})")
            wanted = (f"{sign} {goal.with_h2:g}", f"{sign} {goal.best:g}") if goal else ("", "")
            table.add_row(scenario.name, name, *cells, *wanted, end_section=name == "p99")
    return table


def hold_table(holds: Sequence[Hold]) -> Table:
    table = Table(title="Open invocations that wait on an awakeable; goal: at most 5 KB each, all complete")
    table.add_column("peer")
    for column in ("open", "connections", "KB each", "all resolved in s", "p99 ms"):
        table.add_column(column, justify="right")
    for hold in holds:
        load = hold.load
        cells = f"{load.requests:,}", f"{load.connections}", f"{hold.memory_per_invocation / 1000:.1f}"
        table.add_row(hold.peer, *cells, f"{load.seconds:.2f}", f"{load.p99_ms:,.0f}")
    return table


def foreign_share(rounds: Sequence[Round]) -> float:
    """Return the share of the machine that other processes used during the rounds."""
    seconds = sum(one.load.seconds for one in rounds)
    return sum(one.foreign_cpu_seconds for one in rounds) / (seconds * (psutil.cpu_count() or 1))


def to_json(
    rounds: Sequence[Round], holds: Sequence[Hold], scenarios: Sequence[Scenario], peers: Sequence[Peer]
) -> dict[str, Any]:
    """Return all measurements, and the medians that the tables show."""
    subject, *others = peers
    return {
        "machine": {
            "cpus": psutil.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "versions": {name: find_version(name) for name in ("awaken", "restate-sdk", "granian", "hypercorn")},
        "medians": {
            scenario.name: {
                peer.name: {
                    name: median(map(metric, select(rounds, scenario, peer)))
                    for name, metric in METRICS.items()
                }
                for peer in peers
            }
            for scenario in scenarios
        },
        "ratios": {
            scenario.name: {
                f"{subject.name}/{other.name}": {
                    name: median(ratios(rounds, scenario, subject, other, metric))
                    for name, metric in METRICS.items()
                }
                for other in others
            }
            for scenario in scenarios
        },
        "foreign_cpu_share": foreign_share(rounds) if rounds else None,
        "rounds": [asdict(one) for one in rounds],
        "holds": [asdict(hold) for hold in holds],
    }


def select(rounds: Sequence[Round], scenario: Scenario, peer: Peer) -> list[Round]:
    return [one for one in rounds if (one.scenario, one.peer) == (scenario.name, peer.name)]


def ratios(
    rounds: Sequence[Round], scenario: Scenario, subject: Peer, other: Peer, metric: Callable[[Round], float]
) -> list[float]:
    pairs = zip(select(rounds, scenario, subject), select(rounds, scenario, other), strict=True)
    return [metric(mine) / metric(theirs) for mine, theirs in pairs]


def goals_of(scenario: Scenario) -> tuple[tuple[str, str, Goal | None], ...]:
    return ("rate", "≥", scenario.rate), ("cpu", "≤", scenario.cpu), ("p99", "≤", scenario.p99)


def find_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
