"""A clock that stands still until a test advances it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.testing.alarm_queue import AlarmQueue
from awaken.timing import wall_clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.testing.alarm_queue import QueuedAlarm

__all__ = ["ManualClock"]


class ManualClock:
    """Time for tests. `advance` calls what becomes due, in the order of due times.

    Args:
        start_ms: the time at the beginning, in UTC milliseconds.
    """

    def __init__(self, start_ms: int = 1_700_000_000_000) -> None:
        self._now_ms = start_ms
        self._alarms = AlarmQueue()

    def now_ms(self) -> int:
        """Return UTC milliseconds."""
        return self._now_ms

    def from_wall(self, wall_ms: int) -> int:
        """Return the time that is as far from now as on the wall clock; never later than the endpoint meant."""
        return wall_ms - wall_clock.machine_ms() + self._now_ms

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> QueuedAlarm:
        """Call back when the clock is advanced to this time; if it has passed, with the next `advance`."""
        return self._alarms.add(when_ms, callback)

    def next_due_ms(self) -> int | None:
        """Return when the next alarm is due, None if there is none."""
        return self._alarms.next_due_ms()

    def advance(self, duration_ms: int) -> int:
        """Advance the clock, call what becomes due on the way, and return how many alarms rang."""
        target_ms = self._now_ms + duration_ms
        rung = 0
        while (due_ms := self.next_due_ms()) is not None and due_ms <= target_ms:
            self._now_ms = max(self._now_ms, due_ms)
            rung += 1
            self._alarms.ring_next()
        self._now_ms = target_ms
        return rung
