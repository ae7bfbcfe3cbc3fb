"""The caller's end of an exchange in one process.

For tests, and for a runtime in the endpoint's own process. Both ends run on one thread. What the caller sends reaches
the receiver before `MemoryOutgoing.send` returns; what the exchange writes is there for the caller at once, and
`on_change` announces it in the next turn of the loop. Flow control is that of HTTP/2: the caller sees how much credit
it has left, and pauses the writer by reading slowly.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from awaken.errors import LocalProtocolError, RemoteProtocolError
from awaken.transports import limits
from awaken.transports.guard import accept_exchange, contain, deliver, disconnect_quietly
from awaken.transports.memory.exchange import MemoryExchange
from awaken.transports.outgoing import OutgoingBase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextvars import Context

    from awaken.exchange import Accept

__all__ = ["MemoryOutgoing"]

_NO_HEADERS: Final[Mapping[str, str]] = {}


class MemoryOutgoing(OutgoingBase):
    """An `awaken.exchange.Outgoing` whose peer is in this process.

    Args:
        accept: given the other end, at once.
        method: upper-case method.
        path: path without a query.
        headers: lower-case names.
        is_bidirectional: whether the response may come before the request is complete.
        on_change: called once for each turn of the loop in which a property changed or data arrived.
        on_over: called before the last `on_change`, when the response is complete or the exchange failed.
        context: in which both are called; None is the context that is current at the change.
    """

    __slots__ = ("_changed", "_context", "_exchange", "_on_over", "credit")

    def __init__(
        self,
        accept: Accept,
        method: str,
        path: str,
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        is_bidirectional: bool = True,
        on_change: Callable[[], None] = lambda: None,
        on_over: Callable[[MemoryOutgoing], object] | None = None,
        context: Context | None = None,
    ) -> None:
        super().__init__(method, path, headers, on_change)
        self.credit = limits.STREAM_WINDOW
        self._on_over = on_over
        self._context = context
        self._changed: asyncio.Event | None = None  # for `read`, which few use
        self._exchange = MemoryExchange(self, method, path, headers, is_bidirectional=is_bidirectional)
        accept_exchange(accept, self._exchange)

    def send(self, data: bytes) -> None:
        """Send body bytes, beyond `credit` as well.

        Raises:
            LocalProtocolError: the request is already ended.
        """
        if self.is_request_ended:
            raise LocalProtocolError(f"cannot send {len(data)} bytes: the request is already ended")
        exchange = self._exchange
        if not exchange.is_ended:  # bytes for an exchange that is over are discarded, as HTTP/2 does
            self.credit -= len(data)
            try:
                exchange.receiver.receive_data(data)
            except BaseException as error:
                contain(exchange, error)

    def end(self) -> None:
        """End the request."""
        if not self.is_request_ended:
            self.is_request_ended = True
            self.forget_owner()
            deliver(self._exchange, self._exchange.receiver.receive_end)

    def give_up(self, reason: str) -> None:
        """Give the exchange up, as a reset stream or a lost connection does."""
        self.is_request_ended = True
        if not self._exchange.is_ended:
            receiver = self._exchange.finish()
            self.fail(reason)
            disconnect_quietly(receiver)

    def drain(self) -> None:
        """Ask the receiver to wind up: the process is about to stop."""
        deliver(self._exchange, self._exchange.receiver.drain)

    def take(self) -> bytes:
        """Take the part of the response body that is there, and so let the writer continue."""
        was_paused = self.received_size > limits.BUFFER_HIGH
        data = self.drop()
        if was_paused:
            exchange = self._exchange  # without a receiver if it is over
            deliver(exchange, exchange.receiver.resume_writing)
        return data

    async def read(self) -> bytes:
        """Wait for more of the response body, and take it; empty when it is ended.

        Raises:
            RemoteProtocolError: the other end gave the exchange up.
        """
        while not self.received_size:
            if self.is_reset:
                raise RemoteProtocolError("the exchange was reset before its response ended")
            if self.is_ended:
                return b""
            if self._changed is None:
                self._changed = asyncio.Event()
            self._changed.clear()
            await self._changed.wait()
        return self.take()

    async def read_all(self) -> bytes:
        """Wait for the whole response body.

        Raises:
            RemoteProtocolError: the other end gave the exchange up.
        """
        chunks = []
        while chunk := await self.read():
            chunks.append(chunk)
        return b"".join(chunks)

    def note_change(self) -> None:
        """Wake `read`, and call `on_change` in the next turn of the loop, once for all changes until then."""
        if self._changed is not None:
            self._changed.set()
        if not self._is_change_due:
            self._is_change_due = True
            self._loop.call_soon(self.announce_change, context=self._context)

    def announce_change(self) -> None:
        """Call `on_change` now."""
        if self.is_over and self._on_over is not None:
            self._on_over(self)
        super().announce_change()
