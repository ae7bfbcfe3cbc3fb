"""Rounds that take turns, and what they say: medians, and medians of ratios between neighbours in time."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Round", "Rounds", "rotate"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of one scenario measured of one subject: a peer, or a stack."""

    scenario: str
    subject: str
    #: Rounds of the same scenario with the same number followed each other directly.
    number: int
    #: By metric: `rate` (operations per second), `cpu` (milliseconds for 1,000 operations), `p50_ms` and so on.
    values: Mapping[str, float]


class Rounds:
    """All rounds of a run."""

    def __init__(self, rounds: Sequence[Round]) -> None:
        self._values: dict[tuple[str, str], dict[int, Mapping[str, float]]] = {}
        for one in rounds:
            self._values.setdefault((one.scenario, one.subject), {})[one.number] = one.values

    def values(self, scenario: str, subject: str, metric: str) -> list[float]:
        """Return a metric of each round; none of rounds that did not measure it."""
        rounds = self._values.get((scenario, subject), {})
        return [values[metric] for _, values in sorted(rounds.items()) if metric in values]

    def median(self, scenario: str, subject: str, metric: str) -> float | None:
        """Return the median of a metric, or None if no round measured it."""
        values = self.values(scenario, subject, metric)
        return median(values) if values else None

    def ratios(self, scenario: str, subject: str, other: str, metric: str) -> list[float]:
        """Return `subject / other` of each round that measured the metric of both."""
        mine, theirs = self._values.get((scenario, subject), {}), self._values.get((scenario, other), {})
        return [
            mine[number][metric] / theirs[number][metric]
            for number in sorted(mine.keys() & theirs.keys())
            if metric in mine[number] and theirs[number].get(metric)
        ]

    def median_ratio(self, scenario: str, subject: str, other: str, metric: str) -> float | None:
        """Return the median of the ratios of each round, or None if no round measured the metric of both."""
        ratios = self.ratios(scenario, subject, other, metric)
        return median(ratios) if ratios else None


def rotate(subjects: Sequence[T], number: int) -> Iterator[T]:
    """Begin each round with another subject, to spread the effects of order."""
    first = number % len(subjects)
    yield from subjects[first:]
    yield from subjects[:first]
