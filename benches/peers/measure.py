"""One round of one peer, and the order of rounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benches import generator
from benches.processes import busy_seconds

if TYPE_CHECKING:
    from benches.peers.endpoints import Endpoint, Peer
    from benches.peers.scenarios import Scenario

__all__ = ["Hold", "Round", "measure_hold", "measure_round", "warm_up"]

WARM_UP_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Round:
    """The measurements of one round of one peer."""

    scenario: str
    peer: str
    number: int
    load: generator.Load
    cpu_seconds: float
    #: CPU seconds that neither the endpoint nor the generator used: the noise of other processes.
    foreign_cpu_seconds: float

    @property
    def cpu_ms_per_thousand(self) -> float:
        return self.cpu_seconds / self.load.requests * 1e6


@dataclass(frozen=True, slots=True)
class Hold:
    """What it costs one peer to hold invocations open."""

    peer: str
    count: int
    memory_per_invocation: float
    load: generator.Load


def measure_round(endpoint: Endpoint, scenario: Scenario, number: int, seconds: float) -> Round:
    machine, cpu = busy_seconds(), endpoint.trees.cpu_seconds()
    load = generator.run(
        endpoint.address,
        scenario.name,
        seconds=seconds,
        connections=scenario.connections,
        in_flight=scenario.in_flight,
    )
    cpu = endpoint.trees.cpu_seconds() - cpu
    foreign = busy_seconds() - machine - cpu - load.generator_cpu_seconds
    return Round(scenario.name, endpoint.peer.name, number, load, cpu, max(foreign, 0.0))


def warm_up(endpoint: Endpoint, scenario: Scenario) -> None:
    """Load code, fill caches, and find wrong responses before anything is measured."""
    measure_round(endpoint, scenario, -1, WARM_UP_SECONDS)


def measure_hold(peer: Peer, warm: Scenario, count: int) -> Hold:
    """Measure a fresh process, because memory that earlier rounds freed would hide what is used now."""
    with peer.serve() as endpoint:
        warm_up(endpoint, warm)
        endpoint.trees.wait_until_idle(peer.title)
        before = endpoint.trees.memory()
        with generator.hold(endpoint.address, count) as held:
            endpoint.trees.wait_until_idle(peer.title)
            grown = endpoint.trees.memory() - before
            load = held.complete()
    return Hold(peer.name, count, grown / count, load)
