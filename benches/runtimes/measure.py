"""One round of one stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches import generator
from benches.processes import busy_seconds
from benches.rounds import Round

if TYPE_CHECKING:
    from benches.runtimes.scenarios import Scenario
    from benches.runtimes.stacks import RunningStack

__all__ = ["measure_round", "warm_up"]

RESOLVE_TO_ANSWER = "resolve to answer"
WARM_UP_SECONDS = 0.5


def measure_round(running: RunningStack, scenario: Scenario, number: int, seconds: float) -> Round:
    """Let the callers of a scenario work for some time.

    Raises:
        WrongAnswer: a response was wrong; the message names the scenario and the stack.
    """
    machine, cpu = busy_seconds(), running.trees.cpu_seconds()
    try:
        load = generator.call(
            running.address,
            scenario.action,
            callers=scenario.callers,
            seconds=seconds,
            size=scenario.size,
        )
    except generator.WrongAnswer as error:
        raise generator.WrongAnswer(f"{scenario.name} on {running.stack.title}: {error}") from error
    values = load.values(
        cpu_seconds=running.trees.cpu_seconds() - cpu, machine_seconds=busy_seconds() - machine
    )
    values["memory_mb"] = running.trees.memory() / 1e6
    if RESOLVE_TO_ANSWER in load.steps_p50_ms:
        values["resolve_to_answer_p50_ms"] = load.steps_p50_ms[RESOLVE_TO_ANSWER]
    if scenario.size:
        values["megabytes_per_second"] = scenario.size * load.rate / 1e6
    return Round(scenario.name, running.stack.name, number, values)


def warm_up(running: RunningStack, scenario: Scenario) -> None:
    """Load code, fill caches, and find wrong responses before anything is measured."""
    measure_round(running, scenario, -1, WARM_UP_SECONDS)
