"""Time as an argument: everything in the runtime that waits takes a clock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from awaken.timing import wall_clock

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Alarm", "Clock", "SystemClock"]

#: Longer waits are split, so that an alarm is not late for good after the wall clock was set forward.
_LONGEST_WAIT_S = 60.0


class Alarm(Protocol):
    """A call that is due at some time."""

    def cancel(self) -> None:
        """Prevent the call."""
        ...


class Clock(Protocol):
    """Tells the time, and calls back at a given time."""

    def now_ms(self) -> int:
        """Return UTC milliseconds."""
        ...

    def from_wall(self, wall_ms: int) -> int:
        """Convert a time that an endpoint read from its wall clock to this clock."""
        ...

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> Alarm:
        """Call back at this time, or soon if it has passed; never from within this method."""
        ...


class SystemClock:
    """The machine's clock, with the timers of the running event loop."""

    def now_ms(self) -> int:
        """Return UTC milliseconds."""
        return wall_clock.machine_ms()

    def from_wall(self, wall_ms: int) -> int:
        """Return the time unchanged: this is the wall clock."""
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
