"""The scenarios, with the project's goals: ratios of awaken to restate-sdk on Granian."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HOLD", "SCENARIOS", "Goal", "Scenario"]


@dataclass(frozen=True, slots=True)
class Goal:
    """Ratios to reach: on the `h2` package, and with the best engine."""

    with_h2: float
    best: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario of the load generator, and its load."""

    name: str
    title: str
    cpu: Goal
    rate: Goal | None = None
    p99: Goal | None = None
    connections: int = 4
    in_flight: int = 64


RATE = Goal(1.3, 5.0)
CPU = Goal(0.6, 0.15)
CPU_SUSPEND = Goal(0.6, 0.1)
CPU_REPLAY = Goal(0.3, 0.15)
P99 = Goal(0.6, 0.2)


def replay(count: int) -> Scenario:
    # One replay at a time per connection: the runtime sends each entry as a small DATA frame of its own, and Granian
    # takes more of them for a flood and closes the connection (ENHANCE_YOUR_CALM).
    return Scenario(f"replay-{count}", f"journal of {count} runs", CPU_REPLAY, in_flight=4)


HOLD = "hold"
SCENARIOS = (
    Scenario("greet", "input, output", CPU, RATE, P99),
    Scenario("three", "three live runs", CPU, RATE, P99),
    Scenario("three-plain", "three live runs of plain functions", CPU, RATE, P99),
    Scenario("wait", "suspend on an awakeable", CPU_SUSPEND, RATE, P99),
    Scenario("resume", "replay with the awakeable's signal", CPU, RATE, P99),
    replay(10),
    replay(100),
    replay(1000),
    Scenario("run+suspend", "one new run, then suspend", CPU_SUSPEND, RATE, P99),
)
