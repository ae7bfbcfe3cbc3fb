"""What callers do, and how many of them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SCENARIOS", "Scenario"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario of the load generator, with a number of callers, each on its own connection."""

    name: str
    action: str
    callers: int
    #: Bytes of the values that callers send, if the scenario has a size.
    size: int | None = None
    #: What `awaken runtime` and `awaken dev` have to reach against the first stack, by metric; `rate` at least, others
    #: at most.
    goals: tuple[tuple[str, float], ...] = ()


STACK_GOALS = (("rate", 3.0), ("cpu", 0.25))
SCENARIOS = (
    Scenario("greet, 1 caller", "greet", 1, goals=STACK_GOALS),
    Scenario("greet, 32 callers", "greet", 32, goals=STACK_GOALS),
    Scenario("awakeable cycle, 1 caller", "cycle", 1, goals=STACK_GOALS),
    Scenario("awakeable cycle, 32 callers", "cycle", 32, goals=STACK_GOALS),
    # The handler has been waiting for a while: what passes from the resolution to the answer of the handler.
    Scenario("resolve a waiting handler", "resume", 1, goals=(("resolve_to_answer_p50_ms", 0.4),)),
    Scenario("30 MB in and out", "echo", 1, size=30_000_000, goals=(("rate", 2.0),)),
)
