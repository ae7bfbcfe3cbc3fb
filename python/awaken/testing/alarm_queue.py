"""The alarms of a test clock, in the order in which they are due."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AlarmQueue", "QueuedAlarm"]


class QueuedAlarm:
    """An `awaken.runtime.clock.Alarm` in a queue."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Prevent the call."""
        self.callback = None


class AlarmQueue:
    """Alarms by due time, in UTC milliseconds; those of one moment in the order they were added."""

    def __init__(self) -> None:
        self._alarms: list[tuple[int, int, QueuedAlarm]] = []
        self._count = 0

    def add(self, when_ms: int, callback: Callable[[], None]) -> QueuedAlarm:
        """Add an alarm."""
        alarm = QueuedAlarm(callback)
        self._count += 1
        heapq.heappush(self._alarms, (when_ms, self._count, alarm))
        return alarm

    def next_due_ms(self) -> int | None:
        """Return when the next alarm is due, None if there is none."""
        while self._alarms and self._alarms[0][2].callback is None:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def ring_next(self) -> None:
        """Remove the next alarm and call it. There must be one, see `next_due_ms`."""
        _, _, alarm = heapq.heappop(self._alarms)
        callback, alarm.callback = alarm.callback, None
        if callback is not None:
            callback()

    def clear(self) -> None:
        """Drop all alarms."""
        self._alarms.clear()
