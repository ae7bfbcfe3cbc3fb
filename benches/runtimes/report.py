"""Tables and JSON of a run."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

import psutil
from rich.table import Table

from benches.machine import describe_machine
from benches.rounds import Round, Rounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benches.runtimes.scenarios import Scenario
    from benches.runtimes.stacks import Stack

__all__ = ["absolute_table", "foreign_share", "ratio_table", "to_json"]

#: Metrics of which ratios are shown, with their titles.
RATIOS = {"rate": "rate", "cpu": "CPU", "p50_ms": "p50", "resolve_to_answer_p50_ms": "resolve to answer, p50"}
COLUMNS = {
    "rate": "per second",
    "cpu": "CPU ms/1,000",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "resolve_to_answer_p50_ms": "resolve to answer, p50 ms",
    "generator_cpu": "generator us",
}


def absolute_table(rounds: Rounds, scenarios: Sequence[Scenario], stacks: Sequence[Stack]) -> Table:
    """Medians over all rounds."""
    table = Table("scenario", "stack", title="Medians")
    for title in COLUMNS.values():
        table.add_column(title, justify="right")
    for scenario in scenarios:
        for stack in stacks:
            medians = [rounds.median(scenario.name, stack.name, metric) for metric in COLUMNS]
            shown = ["" if value is None else show_number(value) for value in medians]
            table.add_row(scenario.name, stack.name, *shown, end_section=stack is stacks[-1])
    return table


def ratio_table(rounds: Rounds, scenarios: Sequence[Scenario], stacks: Sequence[Stack]) -> Table:
    """Medians of the ratios within each round: neighbours in time share the noise of the machine."""
    first, *others = stacks
    table = Table("scenario", "ratio of", title=f"stack / {first.name}: median of the ratios of each round")
    for stack in others:
        table.add_column(f"{stack.name} (lowest to highest)", justify="right")
    table.add_column("goal", justify="right")
    for scenario in scenarios:
        for metric, title in RATIOS.items():
            cells = []
            for stack in others:
                ratios = rounds.ratios(scenario.name, stack.name, first.name, metric)
                cells.append(show_ratios(ratios))
            if any(cells):
                wanted = dict(scenario.goals).get(metric)
                goal = "" if wanted is None else f"{'≥' if metric == 'rate' else '≤'} {wanted:g}"
                table.add_row(scenario.name, title, *cells, goal)
        table.add_section()
    return table


def foreign_share(rounds: Sequence[Round]) -> float:
    """Return the share of the machine that processes beside the measured stack and the generator used."""
    seconds = sum(one.values["seconds"] for one in rounds)
    return sum(one.values["foreign_cpu_seconds"] for one in rounds) / (seconds * (psutil.cpu_count() or 1))


def to_json(
    measured: Sequence[Round], scenarios: Sequence[Scenario], stacks: Sequence[Stack]
) -> dict[str, Any]:
    """Return all rounds, their medians, and the medians of their ratios to the first stack."""
    rounds = Rounds(measured)
    metrics = sorted({metric for one in measured for metric in one.values})
    first = stacks[0]
    return {
        **describe_machine(),
        "stacks": {stack.name: stack.title for stack in stacks},
        "medians": {
            scenario.name: {
                stack.name: {
                    metric: value
                    for metric in metrics
                    if (value := rounds.median(scenario.name, stack.name, metric)) is not None
                }
                for stack in stacks
            }
            for scenario in scenarios
        },
        "ratios": {
            scenario.name: {
                f"{stack.name}/{first.name}": {
                    metric: rounds.median_ratio(scenario.name, stack.name, first.name, metric)
                    for metric in RATIOS
                    if rounds.ratios(scenario.name, stack.name, first.name, metric)
                }
                for stack in stacks[1:]
            }
            for scenario in scenarios
        },
        "foreign_cpu_share": foreign_share(measured),
        "rounds": [
            {"scenario": one.scenario, "stack": one.subject, "number": one.number, **one.values}
            for one in measured
        ],
    }


def show_number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 10 else f"{value:.2f}"


def show_ratios(ratios: Sequence[float]) -> str:
    if not ratios:
        return ""
    ordered = sorted(ratios)
    return f"{median(ordered):.2f} ({ordered[0]:.2f} to {ordered[-1]:.2f})"
