"""Reads what arrives on an HTTP/2 connection a few frames at a time, and ends one that is misused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from awaken.transports import limits
from awaken.transports.http2.engine import ErrorCode
from awaken.transports.http2.peer_rates import PeerRates

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from awaken._core import Http2ClientEngine
    from awaken.timing.turns import Turns

__all__ = ["Http2Reading"]


class _Connection(Protocol):
    """The connection that is read."""

    is_closed: bool
    engine: Http2ClientEngine

    def receive(self, data: bytes) -> int:
        """Pass bytes to the engine, and some events to the exchanges; return how many frames were read."""
        ...

    def fail(self, reason: str, *, code: ErrorCode = ...) -> None:
        """Close, and fail every exchange."""
        ...


class Http2Reading:
    """The bytes of one connection that are not read yet; the engine keeps them but for the last that came.

    While they wait for a turn, the socket is not read: the peer has to wait, and nobody else.

    Args:
        connection: receives the bytes.
        turns: shared with the other connections of the endpoint.
        time: returns the time of a monotonic clock in seconds.
    """

    __slots__ = (
        "_connection",
        "_has_received",
        "_is_behind",
        "_lost_reason",
        "_rates",
        "_transport",
        "_turns",
        "_unread",
    )

    def __init__(self, connection: _Connection, turns: Turns, time: Callable[[], float]) -> None:
        self._connection = connection
        self._turns = turns
        self._unread = b""
        self._rates = PeerRates(connection.engine, time)
        self._has_received = False
        self._is_behind = False
        self._lost_reason = ""
        self._transport: asyncio.Transport | None = None

    def begin(self, transport: asyncio.Transport) -> None:
        """Note the socket."""
        self._transport = transport

    def take_in(self, data: bytes) -> None:
        """Read a slice of what has arrived, and the rest in the turns to come."""
        if not self._has_received:
            self._has_received = True
            if data.startswith(b"HTTP/1."):
                self._connection.fail(
                    "the endpoint answered in HTTP/1.1; if it speaks nothing else, register it for that"
                )
                return
        self._unread = self._unread + data if self._unread else data
        if not self._is_behind:
            self._turns.do(self._read_slice)
            if self._is_unread and not self._connection.is_closed:
                self._is_behind = True
                if self._transport is not None:
                    self._transport.pause_reading()

    def postpone_loss(self, reason: str) -> bool:
        """Note that the socket is gone, and return True, if the connection is to fail only when the rest is read."""
        self._transport = None
        self._lost_reason = reason
        return self._is_behind and not self._connection.is_closed

    def close(self) -> None:
        """Read on to see the peer close; nothing of it is used."""
        if self._is_behind and self._transport is not None:
            self._is_behind = False
            self._transport.resume_reading()

    @property
    def _is_unread(self) -> bool:
        return bool(self._unread) or self._connection.engine.is_behind

    def _read_slice(self) -> int:
        connection = self._connection
        data, self._unread = self._unread, b""
        if connection.is_closed:
            return 0
        count = connection.receive(data)
        excess = self._rates.find_excess()
        if connection.engine.unsent_size > limits.UNSENT_SIZE:
            excess = "it does not read what answers its frames"
        if excess is not None:
            connection.fail(f"the endpoint broke HTTP/2: {excess}", code=ErrorCode.ENHANCE_YOUR_CALM)
        if self._is_unread:
            self._turns.add(self._read_slice)
        elif self._is_behind:
            self._is_behind = False
            if self._lost_reason:
                connection.fail(self._lost_reason)
            elif self._transport is not None and not connection.is_closed:
                self._transport.resume_reading()
        return count
