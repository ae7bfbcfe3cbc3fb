"""Compare awaken with other systems: `python -m benches.alternatives --help`."""

from __future__ import annotations

import signal
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benches.alternatives.publishing import COLUMNS
from benches.alternatives.subjects import SUBJECTS, Running
from benches.choosing import choose
from benches.machine import describe_machine
from benches.output import open_console, show_failure, write_json
from benches.peers.programs import MissingProgram
from benches.processes import busy_seconds
from benches.rounds import Round, Rounds, rotate
from benches.runtimes.stacks import check_disk
from benches.tables import show_number


@dataclass(frozen=True, slots=True)
class Scenario:
    """What callers do side by side."""

    name: str
    action: str
    callers: int


SCENARIOS = (
    Scenario("one step, 1 caller", "step", 1),
    Scenario("one step, 32 callers", "step", 32),
    Scenario("answer to result", "answer", 1),
)
NAMES = ", ".join(subject.name for subject in SUBJECTS)


def main(
    subject: Annotated[
        list[str] | None, typer.Option(help=f"Measure only this; repeatable. One of {NAMES}.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each scenario on each system.")] = 7,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of a round.")] = 2.0,
    json_output: Annotated[
        Path | None, typer.Option(help="Write every round and the medians to this file.")
    ] = None,
) -> None:
    """Measure systems for durable work side by side, in interleaved rounds; print medians."""
    console, errors = open_console(), Console(stderr=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))
    chosen = choose("subject", subject, {one.name: one for one in SUBJECTS})
    missing: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="awaken-bench-") as name, ExitStack() as cleanup:
        running: list[Running] = []
        try:
            disk = check_disk(Path(name))
            for system in chosen:
                folder = Path(name) / system.name
                folder.mkdir()
                try:
                    running.append(cleanup.enter_context(system.run(folder)))
                except MissingProgram as error:
                    missing[system.name] = str(error)
            measured = run_rounds(running, rounds, seconds, errors)
        except RuntimeError as error:
            show_failure(error, errors)
            raise typer.Exit(1) from error
        results = Rounds(measured)
        for scenario in SCENARIOS:
            console.print(make_table(results, scenario, running))
        for one, why in missing.items():
            console.print(f"Not measured: {one}, because {why}.")
        if json_output:
            write_json(json_output, to_json(measured, running, missing) | {"disk": disk})


def run_rounds(running: list[Running], rounds: int, seconds: float, console: Console) -> list[Round]:
    """Measure A B C, B C A, C A B ... for each scenario; all systems run all the time."""
    measured: list[Round] = []
    for scenario in SCENARIOS:
        able = [one for one in running if scenario.action in one.subject.actions]
        for one in able:
            one.work(scenario.action, scenario.callers, 1.0)
        turns = [(number, one) for number in range(rounds) for one in rotate(able, number)] if able else []
        for number, one in track(turns, scenario.name, console=console, transient=True):
            measured.append(measure(one, scenario, number, seconds))
    return measured


def measure(running: Running, scenario: Scenario, number: int, seconds: float) -> Round:
    """Measure one round of one system."""
    machine, cpu = busy_seconds(), running.everything.cpu_seconds()
    result = running.work(scenario.action, scenario.callers, seconds)
    cpu, machine = running.everything.cpu_seconds() - cpu, busy_seconds() - machine
    operations = result["operations"]
    values = {
        "rate": operations / result["seconds"],
        "cpu": cpu * 1e6 / operations,
        "p50_ms": result["p50_ms"],
        "p99_ms": result["p99_ms"],
        "memory_mb": running.memory / 1e6,
        "operations": operations,
        "seconds": result["seconds"],
        "foreign_cpu_seconds": max(machine - cpu, 0.0),
    }
    if scenario.action == "answer":
        del values["rate"]  # most of its time is the pause before the answer
    return Round(scenario.name, running.subject.name, number, values)


def make_table(results: Rounds, scenario: Scenario, running: list[Running]) -> Table:
    """Return the medians of a scenario."""
    table = Table("", *COLUMNS.values(), title=scenario.name, title_justify="left")
    for one in running:
        medians = [results.median(scenario.name, one.subject.name, metric) for metric in COLUMNS]
        table.add_row(one.subject.name, *("" if value is None else show_number(value) for value in medians))
    return table


def to_json(measured: list[Round], running: list[Running], missing: dict[str, str]) -> dict[str, Any]:
    """Return everything for a file."""
    results = Rounds(measured)
    medians: dict[str, dict[str, dict[str, float]]] = {}
    for scenario in SCENARIOS:
        for one in running:
            values = {metric: results.median(scenario.name, one.subject.name, metric) for metric in COLUMNS}
            if present := {metric: value for metric, value in values.items() if value is not None}:
                medians.setdefault(scenario.name, {})[one.subject.name] = present
    seconds = sum(one.values["seconds"] for one in measured)
    foreign = sum(one.values["foreign_cpu_seconds"] for one in measured)
    machine = describe_machine()
    versions = {one.subject.requirement or "awaken": one.installed.version for one in running}
    return machine | {
        "versions": {name.partition("[")[0]: version for name, version in versions.items()},
        "subjects": {
            one.subject.name: {
                "title": one.subject.title,
                "durable": one.subject.durable,
                "guarantee": one.subject.guarantee,
                "version": one.installed.version,
                "packages": one.installed.packages,
                "megabytes": one.installed.megabytes,
                "processes": max(sum(len(server_tree(server)) for server in one.servers), 1),
            }
            for one in running
        },
        "missing": missing,
        "foreign_cpu_share": foreign / (seconds * (machine["machine"]["cpus"] or 1)) if seconds else 0.0,
        "medians": medians,
        "rounds": [
            {"scenario": one.scenario, "subject": one.subject, "number": one.number, **one.values}
            for one in measured
        ],
    }


def server_tree(server: Any) -> list[Any]:
    """Return a process and all that it has started."""
    from benches.processes import Trees

    return Trees.of(server.pid).processes()


if __name__ == "__main__":
    typer.run(main)
