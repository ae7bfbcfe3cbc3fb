"""A clock that runs by itself, and can be moved on."""

from __future__ import annotations

import asyncio
import heapq
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MovableClock"]


class MovableClock:
    """Time that flows as usual until a test moves it on. An `awaken.runtime.clock.Clock`."""

    def __init__(self) -> None:
        self._ahead_ms = 0
        self._alarms: list[tuple[int, int, MovableAlarm]] = []
        self._count = 0
        self._handle: asyncio.TimerHandle | None = None

    def now_ms(self) -> int:
        """Return UTC milliseconds."""
        return time.time_ns() // 1_000_000 + self._ahead_ms

    def from_wall(self, wall_ms: int) -> int:
        """Return the time as far from now as it is on the wall, which handlers of this process read."""
        return wall_ms + self._ahead_ms

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> MovableAlarm:
        """Call back at this time; never within this call."""
        alarm = MovableAlarm(callback)
        self._count += 1
        heapq.heappush(self._alarms, (when_ms, self._count, alarm))
        self._arm()
        return alarm

    def next_due_ms(self) -> int | None:
        """Return when the next alarm is due."""
        while self._alarms and self._alarms[0][2].callback is None:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def move_to(self, when_ms: int) -> None:
        """Make it this time, unless it is later already; what is due then is called in the next turns of the loop."""
        self._ahead_ms += max(0, when_ms - self.now_ms())
        self._arm()

    def stop(self) -> None:
        """Call nothing more."""
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
            _, _, alarm = heapq.heappop(self._alarms)
            callback, alarm.callback = alarm.callback, None
            if callback is not None:
                callback()
        self._arm()


class MovableAlarm:
    """Something that will be called."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Do not call it."""
        self.callback = None
