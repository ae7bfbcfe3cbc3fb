"""What was asked for and what came of it; thread-safe."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Ledger"]

#: How many wrong outcomes are kept; the first ones tell the most.
_MOST_PROBLEMS = 20


@dataclass
class Ledger:
    """The accounts of a run."""

    #: How many of each kind of flow and attack were done, and how many times something was repeated.
    done: Counter[str] = field(default_factory=Counter)
    #: What each counter has to be at the end.
    sums: Counter[str] = field(default_factory=Counter)
    #: Names of the flows that have ended, each of which must have left its trace.
    names: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    #: Seconds that somebody who has nothing to do with all this waited for an answer.
    waits: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        """Count something that was done."""
        with self._lock:
            self.done[what] += 1

    def finish(self, kind: str, name: str, key: str) -> None:
        """Note that a flow has ended as it should, after it counted to one at `key`."""
        with self._lock:
            self.done[kind] += 1
            self.sums[key] += 1
            self.names.append(name)

    def add(self, key: str, number: int) -> None:
        """Note a number that was added at `key`."""
        with self._lock:
            self.done["additions"] += 1
            self.sums[key] += number

    def complain(self, problem: str) -> None:
        """Note something that must not be."""
        with self._lock:
            if len(self.problems) < _MOST_PROBLEMS:
                self.problems.append(problem)

    def wait(self, seconds: float) -> None:
        """Note how long an answer took."""
        with self._lock:
            self.waits.append(seconds)
