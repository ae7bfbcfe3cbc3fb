"""The time, as an argument: everything in the runtime that waits is handed a clock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from awaken.timing import wall_clock

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Alarm", "Clock", "SystemClock"]

#: Long waits are looked at again, so that a wall clock that was set does not delay them for good.
_LONGEST_WAIT_S = 60.0


class Alarm(Protocol):
    """Something that will be called."""

    def cancel(self) -> None:
        """Do not call it."""
        ...


class Clock(Protocol):
    """Tells the time, and calls when it has come."""

    def now_ms(self) -> int:
        """Return UTC milliseconds."""
        ...

    def from_wall(self, wall_ms: int) -> int:
        """Return the time on this clock that an endpoint meant, which reads the clock on the wall."""
        ...

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> Alarm:
        """Call back at this time, or soon if it is past; never within this call."""
        ...


class SystemClock:
    """The clock of the machine, and the timers of the running event loop."""

    def now_ms(self) -> int:
        """Return UTC milliseconds."""
        return wall_clock.machine_ms()

    def from_wall(self, wall_ms: int) -> int:
        """Return the same: this is the clock on the wall."""
        return wall_ms

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> Alarm:
        """Call back at this time."""
        return _SystemAlarm(self, when_ms, callback)


class _SystemAlarm:
    __slots__ = ("_callback", "_clock", "_handle", "_when_ms")

    def __init__(self, clock: SystemClock, when_ms: int, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._when_ms = when_ms
        self._callback = callback
        self._arm(when_ms - clock.now_ms())

    def cancel(self) -> None:
        self._handle.cancel()

    def _arm(self, wait_ms: int) -> None:
        # The loop's timers may fire up to a clock tick early.
        wait_s = min(max(wait_ms, 0) / 1000, _LONGEST_WAIT_S)
        self._handle = asyncio.get_running_loop().call_later(wait_s, self._ring)

    def _ring(self) -> None:
        left_ms = self._when_ms - self._clock.now_ms()
        if left_ms > 0:
            self._arm(left_ms)
        else:
            self._callback()
