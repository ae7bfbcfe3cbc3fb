"""Tables and JSON of rounds: medians, and ratios to one subject."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

import psutil
from rich.table import Table

from benches.machine import describe_machine
from benches.rounds import Round, Rounds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["absolute_table", "foreign_share", "medians_of", "show_number", "show_ratios", "to_json"]

#: Metrics of rounds, with the titles of their columns.
COLUMNS = {
    "rate": "per second",
    "cpu": "CPU ms/1,000",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "resolve_to_answer_p50_ms": "resolve to answer, p50 ms",
    "megabytes_per_second": "MB/s",
    "memory_mb": "memory MB",
    "generator_cpu": "generator us",
}


def absolute_table(rounds: Rounds, scenarios: Sequence[str], subjects: Sequence[str], what: str) -> Table:
    """Return the medians over all rounds; metrics that nothing measured have no column."""
    shown = [
        metric
        for metric in COLUMNS
        if any(rounds.values(scenario, subject, metric) for scenario in scenarios for subject in subjects)
    ]
    table = Table("scenario", what, title="Medians")
    for metric in shown:
        table.add_column(COLUMNS[metric], justify="right")
    for scenario in scenarios:
        for subject in subjects:
            medians = [rounds.median(scenario, subject, metric) for metric in shown]
            cells = ["" if value is None else show_number(value) for value in medians]
            if any(cells):
                table.add_row(scenario, subject, *cells)
        table.add_section()
    return table


def foreign_share(rounds: Sequence[Round]) -> float:
    """Return the share of the machine that others than the measured subject and the generator used."""
    seconds = sum(one.values["seconds"] for one in rounds)
    spent = sum(one.values["foreign_cpu_seconds"] for one in rounds)
    return spent / (seconds * (psutil.cpu_count() or 1)) if seconds else 0.0


def to_json(
    measured: Sequence[Round], titles: Mapping[str, str], ratios: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Return machine, rounds, their medians, and the medians of ratios.

    Args:
        measured: all rounds.
        titles: of the subjects, by name.
        ratios: pairs of subjects, the first in relation to the second.
    """
    rounds = Rounds(measured)
    scenarios = list(dict.fromkeys(one.scenario for one in measured))
    metrics = list(dict.fromkeys(metric for one in measured for metric in one.values))
    return {
        **describe_machine(),
        "subjects": dict(titles),
        "medians": {
            scenario: {
                subject: medians
                for subject in titles
                if (medians := medians_of(rounds, scenario, subject, metrics))
            }
            for scenario in scenarios
        },
        "ratios": {
            scenario: {
                f"{mine}/{theirs}": {
                    metric: ratio
                    for metric in COLUMNS
                    if (ratio := rounds.median_ratio(scenario, mine, theirs, metric)) is not None
                }
                for mine, theirs in ratios
            }
            for scenario in scenarios
        },
        "foreign_cpu_share": foreign_share(measured),
        "rounds": [
            {"scenario": one.scenario, "subject": one.subject, "number": one.number, **one.values}
            for one in measured
        ],
    }


def medians_of(rounds: Rounds, scenario: str, subject: str, metrics: Sequence[str]) -> dict[str, float]:
    """Return the median of each metric that was measured."""
    medians = {metric: rounds.median(scenario, subject, metric) for metric in metrics}
    return {metric: value for metric, value in medians.items() if value is not None}


def show_number(value: float) -> str:
    """Return a number with as many digits as matter."""
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 10 else f"{value:.2f}"


def show_ratios(ratios: Sequence[float]) -> str:
    """Return median, lowest and highest; nothing if there are none."""
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else ""


def show_goal(metric: str, goal: float | None) -> str:
    """Return the bound, with the direction of the metric."""
    return "" if goal is None else f"{'≥' if metric in {'rate', 'megabytes_per_second'} else '≤'} {goal:g}"
