"""A clock that runs by itself, and that tests can move forward."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from awaken.testing.alarm_queue import AlarmQueue
from awaken.timing import wall_clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.testing.alarm_queue import QueuedAlarm

__all__ = ["MovableClock"]


class MovableClock:
    """The machine's time, until a test moves it forward. An `awaken.runtime.clock.Clock`."""

    def __init__(self) -> None:
        self._ahead_ms = 0
        self._alarms = AlarmQueue()
        self._handle: asyncio.TimerHandle | None = None

    def now_ms(self) -> int:
        """Return UTC milliseconds."""
        return wall_clock.machine_ms() + self._ahead_ms

    def from_wall(self, wall_ms: int) -> int:
        """Return the time unchanged: handlers under test read this clock, see `awaken.testing.clock_reading`."""
        return wall_ms

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> QueuedAlarm:
        """Call back at this time, or soon if it has passed; never from within this method."""
        alarm = self._alarms.add(when_ms, callback)
        self._arm()
        return alarm

    def next_due_ms(self) -> int | None:
        """Return when the next alarm is due, None if there is none."""
        return self._alarms.next_due_ms()

    def move_to(self, when_ms: int) -> None:
        """Move forward to a time, unless it has passed. Alarms that are due then ring in the next turns of the loop."""
        self._ahead_ms += max(0, when_ms - self.now_ms())
        self._arm()

    def stop(self) -> None:
        """Drop all alarms."""
        self._alarms.clear()
        self._disarm()

    def _disarm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self) -> None:
        self._disarm()
        due_ms = self.next_due_ms()
        if due_ms is not None:
            wait_s = max(0, due_ms - self.now_ms()) / 1000
            self._handle = asyncio.get_running_loop().call_later(wait_s, self._ring)

    def _ring(self) -> None:
        self._handle = None
        due_ms = self.next_due_ms()
        if due_ms is not None and due_ms <= self.now_ms():
            self._alarms.ring_next()
        self._arm()
