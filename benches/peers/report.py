"""Tables of peers, with the goals beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from benches.peers.endpoints import PEERS
from benches.peers.scenarios import HOLD_GOAL_KB
from benches.tables import show_goal, show_ratios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benches.peers.endpoints import Peer
    from benches.peers.measure import Hold
    from benches.peers.scenarios import Scenario
    from benches.rounds import Rounds

__all__ = ["hold_table", "ratio_table"]

RATIOS = {"rate": "rate", "cpu": "CPU", "p99_ms": "p99"}


def ratio_table(rounds: Rounds, scenarios: Sequence[Scenario], peers: Sequence[Peer]) -> Table:
    """Return medians of the ratios within each round: neighbours in time share the noise of the machine."""
    subject, *others = peers
    table = Table(title=f"{subject.name} / other: median of the ratios of each round (lowest to highest)")
    table.add_column("scenario", no_wrap=True)
    table.add_column("other", no_wrap=True)
    for title in RATIOS.values():
        table.add_column(title, justify="right")
    table.add_column("goal, rate", justify="right")
    table.add_column("goal, CPU", justify="right")
    for scenario in scenarios:
        for other in others:
            cells = [
                show_ratios(rounds.ratios(scenario.name, subject.name, other.name, metric))
                for metric in RATIOS
            ]
            goals = {(peer, metric): goal for peer, metric, goal in scenario.goals}
            if subject is not PEERS[0]:
                goals = {}
            wanted = [show_goal(metric, goals.get((other.name, metric))) for metric in ("rate", "cpu")]
            if any(cells):
                table.add_row(scenario.name, other.name, *cells, *wanted)
        table.add_section()
    return table


def hold_table(holds: Sequence[Hold]) -> Table:
    """Return what open invocations cost each peer."""
    title = (
        f"Open invocations that wait on an awakeable; goal: at most {HOLD_GOAL_KB:g} KB each, all complete"
    )
    table = Table("peer", title=title)
    for column in ("open", "connections", "KB each", "all resolved in s", "p99 ms"):
        table.add_column(column, justify="right")
    for hold in holds:
        cells = f"{hold.count:,}", f"{hold.connections}", f"{hold.memory_each / 1000:.1f}"
        table.add_row(hold.peer, *cells, f"{hold.resolved_seconds:.2f}", f"{hold.p99_ms:,.0f}")
    return table
