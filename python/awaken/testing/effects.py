"""What a handler does to the world, as a test records it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from awaken.context import probe

__all__ = ["Effects"]


@dataclass
class Effects:
    """Counts effects. Give `record` to whatever stands for the outside world in a test."""

    #: Those recorded inside of runs, by label.
    inside_runs: Counter[str] = field(default_factory=Counter)
    #: Those recorded elsewhere in handlers: they happen again in every replay.
    outside_runs: Counter[str] = field(default_factory=Counter)

    def record(self, label: str) -> None:
        """Note that an effect happened, inside of a run or not."""
        counter = self.outside_runs if probe.current_run.get() is None else self.inside_runs
        counter[label] += 1

    def count(self, label: str) -> int:
        """How often it happened."""
        return self.inside_runs[label] + self.outside_runs[label]
