"""Processes that are measured: CPU time and memory of whole trees of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Trees", "busy_seconds"]


@dataclass(frozen=True, slots=True)
class Trees:
    """Some processes and all that they started."""

    roots: Sequence[psutil.Process]

    @classmethod
    def of(cls, *pids: int) -> Trees:
        """Return the trees below these processes, which are running."""
        return cls([psutil.Process(pid) for pid in pids])

    def cpu_seconds(self) -> float:
        """User and system time so far; the kernel counts in steps of 10 ms."""
        times = [process.cpu_times() for process in self.processes()]
        return float(sum(spent.user + spent.system for spent in times))

    def memory(self) -> int:
        """Resident bytes."""
        return int(sum(process.memory_info().rss for process in self.processes()))

    def wait_until_idle(self, what: str, timeout_s: float = 60.0) -> None:
        """Return when no CPU was used for half a second.

        Raises:
            RuntimeError: that did not happen in time; the message names `what` is busy.
        """
        deadline = time.monotonic() + timeout_s
        quiet_since, used = time.monotonic(), self.cpu_seconds()
        while time.monotonic() - quiet_since < 0.5:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what} is still busy after {timeout_s:.0f} s without new work")
            time.sleep(0.1)
            now = self.cpu_seconds()
            if now > used:
                quiet_since, used = time.monotonic(), now

    def processes(self) -> list[psutil.Process]:
        return [one for root in self.roots for one in (root, *root.children(recursive=True))]


def busy_seconds() -> float:
    """Return the CPU seconds that the whole machine has spent so far."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq + times.steal)
