"""Counts what handlers do to the outside world."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from awaken.context import probe

__all__ = ["Effects"]


@dataclass
class Effects:
    """Counts effects. Call `record` in whatever stands for the outside world in your test."""

    #: Effects recorded inside runs, by label.
    inside_runs: Counter[str] = field(default_factory=Counter)
    #: Effects recorded elsewhere in handlers, by label: they happen again in every replay.
    outside_runs: Counter[str] = field(default_factory=Counter)

    def record(self, label: str) -> None:
        """Count an effect, and note whether it happened inside a run."""
        counter = self.outside_runs if probe.current_run.get() is None else self.inside_runs
        counter[label] += 1

    def count(self, label: str) -> int:
        """Return how often an effect happened."""
        return self.inside_runs[label] + self.outside_runs[label]
