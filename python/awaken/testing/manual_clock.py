"""A clock that stands still until it is told."""

from __future__ import annotations

import heapq
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ManualClock"]


class ManualClock:
    """Time for tests. What is due is called by `advance`, in the order it is due.

    Args:
        start_ms: what time it is, UTC milliseconds.
    """

    def __init__(self, start_ms: int = 1_700_000_000_000) -> None:
        self._now_ms = start_ms
        self._alarms: list[tuple[int, int, _ManualAlarm]] = []
        self._count = 0

    def now_ms(self) -> int:
        """Return UTC milliseconds."""
        return self._now_ms

    def from_wall(self, wall_ms: int) -> int:
        """Return the time as far from now as it is on the wall; never later than what the endpoint meant."""
        return wall_ms - time.time_ns() // 1_000_000 + self._now_ms

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> _ManualAlarm:
        """Call back when time has been advanced to this; what is past already is called by any `advance`."""
        alarm = _ManualAlarm(callback)
        self._count += 1
        heapq.heappush(self._alarms, (when_ms, self._count, alarm))
        return alarm

    def next_due_ms(self) -> int | None:
        """Return when the next alarm is due."""
        while self._alarms and self._alarms[0][2].callback is None:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def advance(self, duration_ms: int) -> int:
        """Move on, and call what becomes due on the way. Returns how many alarms rang."""
        target_ms = self._now_ms + duration_ms
        rung = 0
        while (due_ms := self.next_due_ms()) is not None and due_ms <= target_ms:
            _, _, alarm = heapq.heappop(self._alarms)
            self._now_ms = max(self._now_ms, due_ms)
            callback, alarm.callback = alarm.callback, None
            if callback is not None:
                rung += 1
                callback()
        self._now_ms = target_ms
        return rung


class _ManualAlarm:
    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None
