from __future__ import annotations

import json

from rich.console import Console

from benches import tables
from benches.rounds import Round, Rounds
from benches.runtimes import report
from benches.runtimes.scenarios import SCENARIOS
from benches.runtimes.stacks import STACKS

GREET = SCENARIOS[1]
BOTH = STACKS[:2]


def make_round(stack: int, number: int, rate: float, cpu: float) -> Round:
    values = {"rate": rate, "cpu": cpu, "p50_ms": 1.0, "p99_ms": 2.0, "generator_cpu": 9.0}
    values |= {"seconds": 2.0, "foreign_cpu_seconds": 1.0, "operations": 2 * rate}
    return Round(GREET.name, BOTH[stack].name, number, values)


ROUNDS = [
    make_round(0, 0, 100, 10),
    make_round(1, 0, 300, 2),
    make_round(0, 1, 200, 10),
    make_round(1, 1, 400, 4),
    make_round(0, 2, 100, 10),
    make_round(1, 2, 250, 3),
]


def shown(table: object) -> str:
    console = Console(width=150, record=True)
    console.print(table)
    return console.export_text()


def test_ratios_are_against_the_first_stack_with_the_goals_beside_them() -> None:
    text = shown(report.ratio_table(Rounds(ROUNDS), [GREET], BOTH))
    rate, cpu = (next(line for line in text.splitlines() if f" {what} " in line) for what in ("rate", "CPU"))
    assert "2.50 (2.00 to 3.00)" in rate
    assert "≥ 3" in rate
    assert "0.30 (0.20 to 0.40)" in cpu
    assert "≤ 0.25" in cpu


def test_medians_are_shown_of_each_stack() -> None:
    text = shown(tables.absolute_table(Rounds(ROUNDS), [GREET.name], [one.name for one in BOTH], "stack"))
    assert [cell.strip() for cell in text.splitlines()[-2].split("│")[2:5]] == [
        "awaken-runtime",
        "300",
        "3.00",
    ]


def test_json_has_every_round_and_what_the_tables_show() -> None:
    titles = {one.name: one.title for one in BOTH}
    pairs = [("awaken-runtime", "server-granian")]
    result = json.loads(json.dumps(tables.to_json(ROUNDS, titles, pairs)))
    assert result["medians"][GREET.name]["awaken-runtime"]["rate"] == 300
    assert result["ratios"][GREET.name]["awaken-runtime/server-granian"]["cpu"] == 0.3
    assert len(result["rounds"]) == 6
    assert result["rounds"][1]["subject"] == "awaken-runtime"
    assert {"machine", "versions", "commit", "date"} <= result.keys()
