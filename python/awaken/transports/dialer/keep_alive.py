"""When to send a PING on a connection, and how long to wait for its answer."""

from __future__ import annotations

from random import uniform
from typing import Final

from awaken.transports.limits import PING_TIMEOUT

__all__ = ["KeepAlive"]

#: Seconds between two PINGs, as the server sends them.
_INTERVAL: Final = 40.0
# Keeps connections that were opened together from sending their PINGs together.
_JITTER: Final = 8.0


class KeepAlive:
    """The PINGs of one connection. All times are the loop's, in seconds."""

    __slots__ = ("_next_at", "_sent_at")

    def __init__(self, now: float) -> None:
        self._next_at = 0.0
        self._sent_at: float | None = None
        self._plan(now)

    @property
    def is_waiting(self) -> bool:
        """Whether a PING has no answer yet."""
        return self._sent_at is not None

    def is_due(self, now: float) -> bool:
        """Whether it is time for the next PING."""
        return now >= self._next_at

    def is_overdue(self, now: float) -> bool:
        """Whether the answer to the last PING is late."""
        return self._sent_at is not None and now - self._sent_at > PING_TIMEOUT

    def note_ping(self, now: float) -> None:
        """Note that a PING was sent."""
        self._sent_at = now
        self._plan(now)

    def note_answer(self) -> None:
        """Note that the peer answered."""
        self._sent_at = None

    def _plan(self, now: float) -> None:
        self._next_at = now + _INTERVAL + uniform(0, _JITTER)  # noqa: S311
