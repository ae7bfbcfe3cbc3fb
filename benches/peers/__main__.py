"""Compare awaken with the official SDK: `python -m benches.peers --help`."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path  # noqa: TC003 - typer reads the annotations when it runs
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benches import generator
from benches.output import open_console
from benches.peers import report
from benches.peers.endpoints import PEERS, Peer
from benches.peers.measure import Hold, Round, measure_hold, measure_round, warm_up
from benches.peers.scenarios import HOLD, SCENARIOS, Scenario
from benches.rounds import rotate

NAMES = [*(scenario.name for scenario in SCENARIOS), HOLD]


def main(
    scenario: Annotated[
        list[str] | None, typer.Option(help=f"Measure only this; repeatable. One of {', '.join(NAMES)}.")
    ] = None,
    peer: Annotated[
        list[str] | None,
        typer.Option(help="Measure only this peer; repeatable. The first is compared with the rest."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each peer and scenario.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of a round.")] = 2.0,
    hold: Annotated[int, typer.Option(min=1, help="How many invocations the hold scenario opens.")] = 5000,
    json_output: Annotated[
        Path | None, typer.Option(help="Write every round and the medians to this file.")
    ] = None,
) -> None:
    """Measure endpoints side by side, in interleaved rounds, and print medians and ratios."""
    console, errors = open_console(), Console(stderr=True)
    peers = choose_peers(peer)
    wanted = choose_scenarios(scenario)
    generator.build()
    try:
        measured = run_rounds(
            [one for one in SCENARIOS if one.name in wanted], peers, rounds, seconds, errors
        )
        holds = run_holds(peers, hold, errors) if HOLD in wanted else []
    except (generator.WrongAnswer, RuntimeError) as error:
        errors.print(f"[red]{type(error).__name__}[/red]: ", end="")
        errors.print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    scenarios = [one for one in SCENARIOS if one.name in wanted]
    if measured:
        console.print(report.absolute_table(measured, scenarios, peers))
        if len(peers) > 1:
            console.print(report.ratio_table(measured, scenarios, peers))
        console.print(f"Meanwhile, other processes used {report.foreign_share(measured):.0%} of the machine.")
    if holds:
        console.print(report.hold_table(holds))
    if json_output:
        json_output.write_text(json.dumps(report.to_json(measured, holds, scenarios, peers), indent=2) + "\n")


def run_rounds(
    scenarios: list[Scenario], peers: list[Peer], rounds: int, seconds: float, console: Console
) -> list[Round]:
    """Measure A B C, B C A, C A B ... for each scenario; all endpoints run all the time."""
    measured: list[Round] = []
    if not scenarios:
        return measured
    with ExitStack() as stack, progress_on(console) as progress:
        endpoints = [stack.enter_context(peer.serve()) for peer in peers]
        bar = progress.add_task("", total=len(scenarios) * len(peers) * rounds)
        for scenario in scenarios:
            for endpoint in endpoints:
                try:
                    warm_up(endpoint, scenario)
                except generator.WrongAnswer as error:
                    raise generator.WrongAnswer(
                        f"{scenario.name} on {endpoint.peer.title}: {error}"
                    ) from error
            for number in range(rounds):
                for endpoint in rotate(endpoints, number):
                    progress.update(bar, description=f"{scenario.name} on {endpoint.peer.name}")
                    try:
                        measured.append(measure_round(endpoint, scenario, number, seconds))
                    except generator.WrongAnswer as error:
                        raise generator.WrongAnswer(
                            f"{scenario.name} on {endpoint.peer.title}: {error}"
                        ) from error
                    progress.advance(bar)
    return measured


def run_holds(peers: list[Peer], count: int, console: Console) -> list[Hold]:
    holds = []
    warm = next(scenario for scenario in SCENARIOS if scenario.name == "resume")
    with progress_on(console) as progress:
        bar = progress.add_task("", total=len(peers))
        for peer in peers:
            progress.update(bar, description=f"hold on {peer.name}")
            try:
                holds.append(measure_hold(peer, warm, count))
            except generator.WrongAnswer as error:
                raise generator.WrongAnswer(f"hold on {peer.title}: {error}") from error
            progress.advance(bar)
    return holds


def progress_on(console: Console) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def choose_peers(names: list[str] | None) -> list[Peer]:
    known = {peer.name: peer for peer in PEERS}
    if unknown := set(names or ()) - known.keys():
        raise typer.BadParameter(f"unknown peer {', '.join(unknown)}; choose from {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names or known)]


def choose_scenarios(names: list[str] | None) -> set[str]:
    if unknown := set(names or ()) - set(NAMES):
        raise typer.BadParameter(f"unknown scenario {', '.join(unknown)}; choose from {', '.join(NAMES)}")
    return set(names or NAMES)


if __name__ == "__main__":
    typer.run(main)
