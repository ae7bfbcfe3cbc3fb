"""A clock that runs by itself, and can be moved on."""

from __future__ import annotations

import asyncio
import heapq
import time
from typing import TYPE_CHECKING

from awaken.timing import wall_clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.exchange import Accept, Exchange, Receiver

__all__ = ["MovableClock", "with_clock"]


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
        """Return the same: handlers under test read this clock, see `with_clock`."""
        return wall_ms

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


def with_clock(accept: Accept, now_ms: Callable[[], int]) -> Accept:
    """Return what accepts exchanges for an application whose handlers then read this clock.

    Args:
        accept: of the application, which other environments may run at the same time.
        now_ms: the time, in UTC milliseconds.
    """

    def accept_with_clock(exchange: Exchange) -> Receiver:
        with wall_clock.reading(now_ms):
            return _ReceiverWithClock(accept(exchange), now_ms)

    return accept_with_clock


class _ReceiverWithClock:
    """Hands on what the transport tells; tasks that are started in here read the clock."""

    def __init__(self, receiver: Receiver, now_ms: Callable[[], int]) -> None:
        self._receiver = receiver
        self._now_ms = now_ms

    def receive_data(self, data: bytes) -> None:
        with wall_clock.reading(self._now_ms):
            self._receiver.receive_data(data)

    def receive_end(self) -> None:
        with wall_clock.reading(self._now_ms):
            self._receiver.receive_end()

    def disconnect(self) -> None:
        with wall_clock.reading(self._now_ms):
            self._receiver.disconnect()

    def resume_writing(self) -> None:
        with wall_clock.reading(self._now_ms):
            self._receiver.resume_writing()

    def drain(self) -> None:
        with wall_clock.reading(self._now_ms):
            self._receiver.drain()


class MovableAlarm:
    """Something that will be called."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Do not call it."""
        self.callback = None
