"""The scenarios, with the project's goals: ratios of awaken to the official SDKs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ECHO_BYTES", "HOLD", "HOLD_GOAL_KB", "REPLAYS", "SCENARIOS", "Scenario"]

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
    #: The peers that take part; all if it is empty.
    peers: tuple[str, ...] = ()

    def is_for(self, peer: str) -> bool:
        """Return whether a peer takes part."""
        return not self.peers or peer in self.peers


def replay(count: int, *peers: str) -> Scenario:
    # One replay at a time per connection: the runtime sends each entry as a small DATA frame of its own, and Granian
    # takes more of them for a flood and closes the connection (ENHANCE_YOUR_CALM).
    at_once = 4 if count <= 1000 else 1
    title = f"journal of {count} runs"
    return Scenario(f"replay-{count}", title, connections=at_once, in_flight=at_once, peers=peers)


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
    # Hyper, too, takes this many for a flood.
    replay(10_000, "awaken"),
    replay(100_000, "awaken"),
    Scenario("run+suspend", "one new run, then suspend"),
    Scenario("echo", "30 MB in and out", (("granian", "rate", 2.0),), connections=1, in_flight=1),
)
#: Runs in the journal of each replay, shortest first.
REPLAYS = {
    one.name: int(one.name.removeprefix("replay-")) for one in SCENARIOS if one.name.startswith("replay-")
}
