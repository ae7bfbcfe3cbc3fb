"""Makes the handlers of an application read the clock of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.timing import wall_clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.exchange import Accept, Exchange, Receiver

__all__ = ["with_clock"]


def with_clock(accept: Accept, now_ms: Callable[[], int]) -> Accept:
    """Wrap an application so that its handlers read another clock.

    Args:
        accept: of the application, which may run in other environments at the same time.
        now_ms: returns the time in UTC milliseconds.
    """

    def accept_with_clock(exchange: Exchange) -> Receiver:
        with wall_clock.reading(now_ms):
            return _ReceiverWithClock(accept(exchange), now_ms)

    return accept_with_clock


class _ReceiverWithClock:
    """Passes calls of the transport on; tasks that start in them read the clock."""

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
