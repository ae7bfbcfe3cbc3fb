"""The scenarios, with the project's goals: ratios of awaken to the official SDKs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ECHO_BYTES", "HOLD", "HOLD_GOAL_KB", "SCENARIOS", "Scenario"]

#: Bytes of the value that `echo` sends and gets back, as the generator has it.
ECHO_BYTES = 30_000_000
#: Memory of one open invocation that waits.
HOLD_GOAL_KB = 4.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario of the load generator, and its load."""

    name: str
    title: str
    #: By peer and metric, what awaken has to reach against it: `rate` at least, others at most.
    goals: tuple[tuple[str, str, float], ...] = ()
    connections: int = 8
    in_flight: int = 64


def replay(count: int) -> Scenario:
    # One replay at a time per connection: the runtime sends each entry as a small DATA frame of its own, and Granian
    # takes more of them for a flood and closes the connection (ENHANCE_YOUR_CALM).
    goals = (("granian", "cpu", 0.15),)
    return Scenario(f"replay-{count}", f"journal of {count} runs", goals, connections=4, in_flight=4)


HOLD = "hold"
RUST = ("rust", "cpu", 1.5)
SCENARIOS = (
    Scenario(
        "greet",
        "input, output",
        (("rust", "cpu", 1.0), ("granian", "cpu", 0.07), ("granian", "rate", 10.0)),
    ),
    Scenario("three", "three live runs", (RUST,)),
    Scenario("three-plain", "three live runs of plain functions"),
    Scenario("wait", "suspend on an awakeable", (RUST,)),
    Scenario("resume", "replay with the awakeable's signal"),
    replay(10),
    replay(100),
    replay(1000),
    Scenario("run+suspend", "one new run, then suspend"),
    Scenario("echo", "30 MB in and out", (("granian", "rate", 2.0),), connections=1, in_flight=1),
)
