"""Compare whole stacks: `python -m benches.runtimes --help`."""

from __future__ import annotations

import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from benches import generator, tables
from benches.choosing import choose
from benches.output import open_console, show_failure, write_json
from benches.peers.programs import MissingProgram
from benches.rounds import Round, Rounds, rotate
from benches.runtimes import report
from benches.runtimes.measure import measure_round, warm_up
from benches.runtimes.scenarios import SCENARIOS, Scenario
from benches.runtimes.stacks import STACKS, Stack, check_disk

DEV = "awaken-dev"
STACK_NAMES = ", ".join(stack.name for stack in STACKS)
SCENARIO_NAMES = "; ".join(scenario.name for scenario in SCENARIOS)


def main(
    stack: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Measure only this; repeatable. Others are compared with the first. One of {STACK_NAMES}."
        ),
    ] = None,
    scenario: Annotated[
        list[str] | None, typer.Option(help=f"Measure only this; repeatable. One of: {SCENARIO_NAMES}.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each scenario on each stack.")] = 7,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of a round.")] = 2.0,
    json_output: Annotated[
        Path | None, typer.Option(help="Write every round and the medians to this file.")
    ] = None,
) -> None:
    """Measure runtime and endpoint together, side by side, in interleaved rounds; print medians and ratios."""
    console, errors = open_console(), Console(stderr=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))
    stacks = choose("stack", stack, {one.name: one for one in STACKS})
    scenarios = choose("scenario", scenario, {one.name: one for one in SCENARIOS})
    generator.build()
    with tempfile.TemporaryDirectory(prefix="awaken-bench-") as name:
        folder = Path(name)
        try:
            disk = check_disk(folder)
            measured = run_rounds(folder, stacks, scenarios, rounds, seconds, errors)
        except (generator.WrongAnswer, MissingProgram, RuntimeError) as error:
            show_failure(error, errors)
            raise typer.Exit(1) from error
    names = [one.name for one in stacks]
    console.print(tables.absolute_table(Rounds(measured), [one.name for one in scenarios], names, "stack"))
    if len(stacks) > 1:
        console.print(report.ratio_table(Rounds(measured), scenarios, stacks))
    console.print(f"Meanwhile, other processes used {tables.foreign_share(measured):.0%} of the machine.")
    if json_output:
        titles = {one.name: one.title for one in stacks}
        pairs = [(name, names[0]) for name in names[1:]]
        if DEV in names and names.index(DEV) > 1:
            pairs.append((DEV, names[1]))  # one process beside two
        result = tables.to_json(measured, titles, pairs) | {"disk": disk}
        write_json(json_output, result)


def run_rounds(
    folder: Path,
    stacks: list[Stack],
    scenarios: list[Scenario],
    rounds: int,
    seconds: float,
    console: Console,
) -> list[Round]:
    """Measure A B C, B C A, C A B ... for each scenario; all stacks run all the time."""
    measured: list[Round] = []
    with ExitStack() as cleanup:
        running = []
        for stack in stacks:
            (folder / stack.name).mkdir()
            running.append(cleanup.enter_context(stack.run(folder / stack.name)))
        for scenario in scenarios:
            for one in running:
                warm_up(one, scenario)
            turns = [(number, one) for number in range(rounds) for one in rotate(running, number)]
            for number, one in track(turns, scenario.name, console=console, transient=True):
                measured.append(measure_round(one, scenario, number, seconds))
    return measured


if __name__ == "__main__":
    typer.run(main)
