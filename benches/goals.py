"""The project's goals, and what stored results say of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["GOALS", "Goal", "find_value"]


@dataclass(frozen=True, slots=True)
class Goal:
    """One number to reach."""

    what: str
    #: The file of results, and the keys that lead to the number.
    path: tuple[str, ...]
    bound: float
    #: At least the bound, rather than at most.
    is_least: bool = False
    unit: str = ""
    #: By how much the number is divided before it is compared.
    scale: float = 1.0
    #: Another number that has to be so for this one to count: its keys, and its value.
    condition: tuple[tuple[str, ...], float] | None = None

    def wanted(self) -> str:
        """Return the bound as text."""
        return f"{'≥' if self.is_least else '≤'} {self.bound:g}{self.unit}"

    def value(self, results: Mapping[str, Any]) -> float | None:
        """Return the number in the unit of the bound, or None if it was not measured."""
        if self.condition is not None and find_value(results, self.condition[0]) != self.condition[1]:
            return None
        found = find_value(results, self.path)
        return None if found is None else found / self.scale

    def is_met(self, value: float) -> bool:
        """Return whether a value is as good as the bound."""
        return value >= self.bound if self.is_least else value <= self.bound


def find_value(results: Mapping[str, Any], path: tuple[str, ...]) -> float | None:
    """Follow keys into nested results; None if one is missing."""
    found: Any = results
    for key in path:
        if not isinstance(found, dict) or key not in found:
            return None
        found = found[key]
    return float(found)


def peer_goals() -> Iterator[Goal]:
    def ratio(scenario: str, other: str, metric: str) -> tuple[str, ...]:
        return "peers", "ratios", scenario, f"awaken/{other}", metric

    yield Goal("greet: CPU against the official Rust SDK", ratio("greet", "rust", "cpu"), 1.0, unit="x")
    yield Goal("greet: CPU against the official Python SDK", ratio("greet", "granian", "cpu"), 0.07, unit="x")
    yield Goal(
        "greet: rate against the official Python SDK",
        ratio("greet", "granian", "rate"),
        10,
        is_least=True,
        unit="x",
    )
    yield Goal("three live runs: CPU against Rust", ratio("three", "rust", "cpu"), 1.5, unit="x")
    yield Goal("awakeable wait: CPU against Rust", ratio("wait", "rust", "cpu"), 1.5, unit="x")
    yield Goal(
        "memory for each open invocation that waits",
        ("peers", "holds", "awaken", "memory_each"),
        4.0,
        unit=" KB",
        scale=1000,
    )
    yield Goal(
        "30 MB in and out: rate against the official Python SDK",
        ratio("echo", "granian", "rate"),
        2.0,
        is_least=True,
        unit="x",
    )
    yield Goal(
        "`import awaken` above `import asyncio, json`", ("imports", "above", "import_ms"), 40, unit=" ms"
    )


def stack_goals() -> Iterator[Goal]:
    def ratio(scenario: str, mine: str, metric: str, theirs: str = "server-granian") -> tuple[str, ...]:
        return "runtimes", "ratios", scenario, f"{mine}/{theirs}", metric

    scenarios = {
        "greet, 1 caller": "greet, 1 caller",
        "greet, 32 callers": "greet, 32 callers",
        "awakeable cycle, 1 caller": "cycle, 1 caller",
        "awakeable cycle, 32 callers": "cycle, 32 callers",
    }
    stacks = {"awaken-runtime": "`awaken runtime` and `awaken serve`", "awaken-dev": "`awaken dev`"}
    for stack, title in stacks.items():
        for scenario, short in scenarios.items():
            path = ratio(scenario, stack, "rate")
            yield Goal(f"{title}, {short}: rate", path, 3.0, is_least=True, unit="x")
            yield Goal(f"{title}, {short}: CPU", ratio(scenario, stack, "cpu"), 0.25, unit="x")
        path = ratio("resolve a waiting handler", stack, "resolve_to_answer_p50_ms")
        yield Goal(f"{title}: resolve to answer, p50, 1 caller", path, 0.4, unit="x")
        path = ratio("30 MB in and out", stack, "rate")
        yield Goal(f"{title}: 30 MB in and out, rate", path, 2.0, is_least=True, unit="x")
    for scenario, short in scenarios.items():
        path = ratio(scenario, "awaken-dev", "rate", "awaken-runtime")
        what = f"`awaken dev` against `awaken runtime` and `awaken serve`, {short}: rate"
        yield Goal(what, path, 1.2, is_least=True, unit="x")


def scale_goals() -> Iterator[Goal]:
    path = "scale", "awakeables"
    many = (*path, "count"), 1_000_000.0
    for what, key, bound, unit in (
        ("1,000,000 pending awakeables: memory of each", "memory_each", 400, " B"),
        ("the same: start after kill", "start_seconds", 3.0, " s"),
        ("the same: resolve one, against 1,000 pending", "resolve_ratio", 1.3, "x"),
    ):
        yield Goal(what, (*path, key), bound, unit=unit, condition=many)
    yield Goal(
        "replay: CPU for each run, the most of up to 100,000 against 10",
        ("peers", "per_entry", "ratio"),
        1.3,
        unit="x",
    )


GOALS = (*peer_goals(), *stack_goals(), *scale_goals())
