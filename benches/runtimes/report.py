"""The table of ratios of stacks, with the goals beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from benches.runtimes.stacks import STACKS
from benches.tables import show_goal, show_ratios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benches.rounds import Rounds
    from benches.runtimes.scenarios import Scenario
    from benches.runtimes.stacks import Stack

__all__ = ["ratio_table"]

#: Metrics of which ratios are shown, with their titles.
RATIOS = {"rate": "rate", "cpu": "CPU", "p50_ms": "p50", "resolve_to_answer_p50_ms": "resolve to answer, p50"}


def ratio_table(rounds: Rounds, scenarios: Sequence[Scenario], stacks: Sequence[Stack]) -> Table:
    """Return medians of the ratios within each round: neighbours in time share the noise of the machine."""
    first, *others = stacks
    table = Table("scenario", "ratio of", title=f"stack / {first.name}: median of the ratios of each round")
    for stack in others:
        table.add_column(f"{stack.name} (lowest to highest)", justify="right")
    table.add_column("goal", justify="right")
    for scenario in scenarios:
        for metric, title in RATIOS.items():
            cells = [
                show_ratios(rounds.ratios(scenario.name, stack.name, first.name, metric)) for stack in others
            ]
            if any(cells):
                # The goals are against the real server with the official SDK.
                goals = dict(scenario.goals) if first is STACKS[0] else {}
                table.add_row(scenario.name, title, *cells, show_goal(metric, goals.get(metric)))
        table.add_section()
    return table
