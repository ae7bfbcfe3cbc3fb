"""One round of one peer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benches import generator
from benches.peers.scenarios import ECHO_BYTES
from benches.processes import busy_seconds
from benches.rounds import Round

if TYPE_CHECKING:
    from benches.peers.endpoints import Endpoint, Peer
    from benches.peers.scenarios import Scenario

__all__ = ["Hold", "measure_hold", "measure_round", "warm_up"]

WARM_UP_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Hold:
    """What it costs one peer to hold invocations open."""

    peer: str
    #: Open at once.
    count: int
    connections: int
    #: Resident bytes for each.
    memory_each: float
    #: From the first signal to the last response.
    resolved_seconds: float
    p99_ms: float


def measure_round(endpoint: Endpoint, scenario: Scenario, number: int, seconds: float) -> Round:
    """Load a peer for some time.

    Raises:
        WrongAnswer: a response was wrong; the message names the scenario and the peer.
    """
    machine, cpu = busy_seconds(), endpoint.trees.cpu_seconds()
    try:
        load = generator.run(
            endpoint.address,
            scenario.name,
            seconds=seconds,
            connections=scenario.connections,
            in_flight=scenario.in_flight,
        )
    except generator.WrongAnswer as error:
        raise generator.WrongAnswer(f"{scenario.name} on {endpoint.peer.title}: {error}") from error
    values = load.values(
        cpu_seconds=endpoint.trees.cpu_seconds() - cpu, machine_seconds=busy_seconds() - machine
    )
    if scenario.name == "echo":
        values["megabytes_per_second"] = ECHO_BYTES * load.rate / 1e6
    return Round(scenario.name, endpoint.peer.name, number, values)


def warm_up(endpoint: Endpoint, scenario: Scenario) -> None:
    """Load code, fill caches, and find wrong responses before anything is measured."""
    measure_round(endpoint, scenario, -1, WARM_UP_SECONDS)


def measure_hold(peer: Peer, warm: Scenario, count: int) -> Hold:
    """Measure a fresh process, because memory that earlier rounds freed would hide what is used now.

    Raises:
        WrongAnswer: a response was wrong; the message names the peer.
    """
    with peer.serve() as endpoint:
        warm_up(endpoint, warm)
        endpoint.trees.wait_until_idle(peer.title)
        before = endpoint.trees.memory()
        try:
            with generator.hold(endpoint.address, count) as held:
                endpoint.trees.wait_until_idle(peer.title)
                grown = endpoint.trees.memory() - before
                load = held.complete()
        except generator.WrongAnswer as error:
            raise generator.WrongAnswer(f"hold on {peer.title}: {error}") from error
    return Hold(peer.name, count, load.connections, grown / count, load.seconds, load.p99_ms)
