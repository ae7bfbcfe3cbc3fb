"""Whether the peer of an HTTP/2 connection is still there, and whether it reads."""

from __future__ import annotations

from awaken.transports import limits

__all__ = ["Liveness", "Stall"]


class Liveness:
    """Decides when a silent peer is asked for an answer, and when it counts as gone.

    A machine that loses its power or its network closes no connection. Its attempts would wait in the endpoint for
    ever, while the runtime has begun other ones elsewhere.

    Args:
        now: time of a monotonic clock in seconds, as in all methods.
    """

    __slots__ = ("_asked_at", "_heard_at")

    def __init__(self, now: float) -> None:
        self._heard_at = now
        self._asked_at: float | None = None

    def hear(self, now: float) -> None:
        """Note that bytes have arrived."""
        self._heard_at = now
        self._asked_at = None

    def begin_to_ask(self, now: float) -> bool:
        """Return whether it is time to send a PING."""
        if self._asked_at is not None or now - self._heard_at < limits.SILENCE_TIMEOUT:
            return False
        self._asked_at = now
        return True

    def is_gone(self, now: float) -> bool:
        """Return whether the peer has not answered in time."""
        return self._asked_at is not None and now - self._asked_at > limits.PING_TIMEOUT


class Stall:
    """Decides when a peer that reads too slowly counts as gone.

    Args:
        now: time of a monotonic clock in seconds, as in all methods.
    """

    __slots__ = ("_since", "_size")

    def __init__(self, now: float) -> None:
        self._since = now
        self._size = 0

    def begin(self, now: float) -> None:
        """Note that the socket takes no more bytes."""
        self._since = now

    def is_over(self, now: float, size: int) -> bool:
        """Return whether the peer has read nothing for too long.

        Args:
            now: the time.
            size: bytes in the socket's buffer.
        """
        if size < self._size:
            self._since = now  # slow, but it moves
        self._size = size
        return now - self._since > limits.STALL_TIMEOUT
