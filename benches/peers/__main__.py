"""Compare awaken with the official SDKs: `python -m benches.peers --help`."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path  # noqa: TC003 - typer reads the annotations when it runs
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benches import generator, tables
from benches.choosing import choose
from benches.output import open_console, show_failure, write_json
from benches.peers import report
from benches.peers.endpoints import PEERS, Peer
from benches.peers.measure import Hold, measure_hold, measure_round, warm_up
from benches.peers.programs import MissingProgram, find_sdk_versions
from benches.peers.scenarios import HOLD, REPLAYS, SCENARIOS, Scenario
from benches.rounds import Round, Rounds, rotate

NAMES = [*(scenario.name for scenario in SCENARIOS), HOLD]


def main(
    scenario: Annotated[
        list[str] | None, typer.Option(help=f"Measure only this; repeatable. One of {', '.join(NAMES)}.")
    ] = None,
    peer: Annotated[
        list[str] | None,
        typer.Option(
            help="Measure only this peer; repeatable. The first is compared with the rest. "
            f"One of {', '.join(one.name for one in PEERS)}."
        ),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each peer and scenario.")] = 7,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of a round.")] = 2.0,
    connections: Annotated[
        int, typer.Option(min=1, help="Connections; replays and large values have their own.")
    ] = 8,
    in_flight: Annotated[
        int, typer.Option(min=1, help="Invocations that are open at a time, on all connections together.")
    ] = 64,
    hold: Annotated[int, typer.Option(min=1, help="How many invocations the hold scenario opens.")] = 5000,
    json_output: Annotated[
        Path | None, typer.Option(help="Write every round and the medians to this file.")
    ] = None,
) -> None:
    """Measure endpoints side by side, in interleaved rounds, and print medians and ratios."""
    console, errors = open_console(), Console(stderr=True)
    wanted = choose_scenarios(scenario)
    scenarios = [
        replace(one, connections=connections, in_flight=in_flight) if one.in_flight == 64 else one
        for one in SCENARIOS
        if one.name in wanted
    ]
    generator.build()
    try:
        peers, missing = prepare(
            choose("peer", peer, {one.name: one for one in PEERS}), is_needed=bool(peer), console=errors
        )
        measured = run_rounds(scenarios, peers, rounds, seconds, errors)
        holds = run_holds(peers, hold, errors) if HOLD in wanted else []
    except (generator.WrongAnswer, MissingProgram, RuntimeError) as error:
        show_failure(error, errors)
        raise typer.Exit(1) from error
    if measured:
        names = [one.name for one in peers]
        console.print(tables.absolute_table(Rounds(measured), [one.name for one in scenarios], names, "peer"))
        if len(peers) > 1:
            console.print(report.ratio_table(Rounds(measured), scenarios, peers))
        console.print(f"Meanwhile, other processes used {tables.foreign_share(measured):.0%} of the machine.")
    if holds:
        console.print(report.hold_table(holds))
    if json_output:
        titles = {one.name: one.title for one in peers}
        pairs = [(peers[0].name, one.name) for one in peers[1:]]
        result = tables.to_json(measured, titles, pairs)
        result |= {"missing": missing, "holds": {one.peer: asdict(one) for one in holds}}
        result["per_entry"] = measure_entries(Rounds(measured), peers[0])
        result["versions"] |= find_sdk_versions()
        write_json(json_output, result)


def prepare(peers: list[Peer], *, is_needed: bool, console: Console) -> tuple[list[Peer], dict[str, str]]:
    """Find or build the program of each peer.

    Args:
        peers: what is to be measured.
        is_needed: whether to fail if one is missing, rather than to go on without it.
        console: where what is missing is said.

    Returns:
        The peers that are there, and the reasons of the others by name.

    Raises:
        MissingProgram: one that is needed is missing.
    """
    found: list[Peer] = []
    missing: dict[str, str] = {}
    for peer in peers:
        try:
            with console.status(f"building {peer.name}"):
                peer.find_program()
        except MissingProgram as error:
            if is_needed:
                raise MissingProgram(f"{peer.title}: {error}") from error
            missing[peer.name] = str(error)
            console.print(f"Without {peer.title}: {error}", markup=False, highlight=False, soft_wrap=True)
        else:
            found.append(peer)
    return found, missing


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
            takes_part = [one for one in endpoints if scenario.is_for(one.peer.name)]
            for endpoint in takes_part:
                warm_up(endpoint, scenario)
            for number in range(rounds if takes_part else 0):
                for endpoint in rotate(takes_part, number):
                    progress.update(bar, description=f"{scenario.name} on {endpoint.peer.name}")
                    measured.append(measure_round(endpoint, scenario, number, seconds))
                    progress.advance(bar)
    return measured


def measure_entries(rounds: Rounds, peer: Peer) -> dict[str, float]:
    """Return the CPU microseconds for each run of replays, by their length.

    Under `ratio` is how the most of the longer ones compares with the shortest.
    """
    each = {}
    for name, runs in REPLAYS.items():
        cpu = rounds.median(name, peer.name, "cpu")
        if cpu is not None:
            each[f"{runs}"] = cpu / runs
    if len(each) < 2:
        return each
    shortest, *longer = each.values()
    return {**each, "ratio": max(longer) / shortest}


def run_holds(peers: list[Peer], count: int, console: Console) -> list[Hold]:
    holds = []
    warm = next(scenario for scenario in SCENARIOS if scenario.name == "resume")
    with progress_on(console) as progress:
        bar = progress.add_task("", total=len(peers))
        for peer in peers:
            progress.update(bar, description=f"hold on {peer.name}")
            holds.append(measure_hold(peer, warm, count))
            progress.advance(bar)
    return holds


def progress_on(console: Console) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def choose_scenarios(names: list[str] | None) -> set[str]:
    if unknown := set(names or ()) - set(NAMES):
        raise typer.BadParameter(f"unknown scenario {', '.join(unknown)}; choose from {', '.join(NAMES)}")
    return set(names or NAMES)


if __name__ == "__main__":
    typer.run(main)
