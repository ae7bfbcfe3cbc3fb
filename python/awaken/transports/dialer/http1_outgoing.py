"""The caller's end of an exchange over HTTP/1.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from awaken.errors import LocalProtocolError
from awaken.transports import limits
from awaken.transports.outgoing import OutgoingBase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Http1Outgoing"]


class _Connection(Protocol):
    """What an exchange needs of its connection."""

    @property
    def buffered_size(self) -> int:
        """How many bytes wait for the socket."""
        ...

    def schedule_flush(self) -> None:
        """Call `drop_sent` and send that at the end of this turn of the loop."""
        ...

    def adjust_reading(self) -> None:
        """Stop or continue reading, depending on how much of the response waits."""
        ...

    def close(self) -> None:
        """Close at once."""
        ...


class Http1Outgoing(OutgoingBase):
    """An `awaken.exchange.Outgoing` with a connection of its own, open or still being opened."""

    __slots__ = ("_chunks", "_size", "connection", "is_starved")

    def __init__(
        self, method: str, target: str, request_headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> None:
        super().__init__(method, target, request_headers, on_change)
        #: Its connection; None as soon as the connection may serve another exchange, or is closed.
        self.connection: _Connection | None = None
        #: Whether its owner asked for credit, and there was none.
        self.is_starved = False
        self._chunks: list[bytes] = []
        self._size = 0

    @property
    def credit(self) -> int:
        """How many bytes may be sent now without being kept in memory for long: HTTP/1.1 has no windows."""
        if self.is_over or self.is_request_ended or self.connection is None:
            return 0
        credit = limits.OUTPUT_SIZE - self._size - self.connection.buffered_size
        self.is_starved = credit <= 0
        return max(0, credit)

    def send(self, data: bytes) -> None:
        """Send body bytes. What exceeds `credit` is kept in memory.

        Raises:
            LocalProtocolError: the request is already ended.
        """
        if self.is_request_ended:
            raise LocalProtocolError(
                f"cannot send {len(data)} bytes on {self!r}: the request is already ended"
            )
        if data and self.connection is not None and not self.is_reset:
            self._chunks.append(data)
            self._size += len(data)
            self.connection.schedule_flush()

    def end(self) -> None:
        """End the request. The response may still be open."""
        if not self.is_request_ended:
            self.is_request_ended = True
            self.forget_owner()
            if self.connection is not None:
                self.connection.schedule_flush()

    def give_up(self, reason: str) -> None:
        """Give the exchange up: the peer sees a broken connection, the only sign HTTP/1.1 has."""
        if not self.is_reset:
            self.is_request_ended = True
            if self.connection is not None:
                self.connection.close()
            self.fail(reason)

    def take(self) -> bytes:
        """Take the part of the response body that is there, and so let the peer send more."""
        data = self.drop()
        if data and self.connection is not None:
            self.connection.adjust_reading()
        return data

    def drop_sent(self) -> bytes:
        """Return what was sent since the last flush, and forget it."""
        data = b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        return data
