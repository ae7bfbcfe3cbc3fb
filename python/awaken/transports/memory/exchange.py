"""Two ends in one process: a request made by plain calls, and its response collected.

For tests, and for a runtime in the endpoint's own process. Both ends run on one thread. What the caller sends
reaches the receiver before `MemoryOutgoing.send` returns; what the exchange writes reaches the caller the same
way, through a callback if it gave one. Flow control is that of HTTP/2: the caller sees how much credit it has
left, and by reading slowly it pauses the writer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from awaken.errors import LocalProtocolError, RemoteProtocolError
from awaken.transports import limits
from awaken.transports.server.connection import NO_RECEIVER, disconnect_quietly

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from awaken.exchange import Accept, Receiver

__all__ = ["MemoryExchange", "MemoryOutgoing"]

_NO_HEADERS: Final[Mapping[str, str]] = {}


class MemoryOutgoing:
    """The caller's end.

    Args:
        accept: given the other end, at once.
        method: upper-case method.
        path: path without a query.
        headers: lower-case names.
        is_bidirectional: whether the response may come before the request is complete.
        on_change: called whenever there is more of the response, or of `credit`.
    """

    def __init__(
        self,
        accept: Accept,
        method: str,
        path: str,
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        is_bidirectional: bool = True,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self.status: int | None = None
        self.headers: Sequence[tuple[str, str]] = ()
        self.credit = limits.STREAM_WINDOW
        self.is_ended = False
        self.is_reset = False
        self.failure: str | None = None
        self._received: list[bytes] = []
        self._size = 0
        self._is_request_ended = False
        self._on_change = on_change
        self._changed = asyncio.Event()
        self._exchange = MemoryExchange(self, method, path, headers, is_bidirectional=is_bidirectional)
        self._receiver: Receiver = accept(self._exchange)

    @property
    def pending_size(self) -> int:
        """How many bytes of the response are not taken yet."""
        return self._size

    def send(self, data: bytes) -> None:
        """Send body bytes, beyond `credit` as well: whoever cares asks first.

        Raises:
            LocalProtocolError: the request is already ended.
        """
        if self._is_request_ended:
            raise LocalProtocolError(f"cannot send {len(data)} bytes: the request is already ended")
        if self._exchange.is_over:
            return  # HTTP/2 throws away what nobody listens to any more, and so does this
        self.credit -= len(data)
        self._receiver.receive_data(data)

    def end(self) -> None:
        """End the request."""
        if not self._is_request_ended:
            self._is_request_ended = True
            if not self._exchange.is_over:
                self._receiver.receive_end()

    def disconnect(self) -> None:
        """Give up, as a reset stream or a lost connection does."""
        self._is_request_ended = True
        if not self._exchange.is_over:
            self._exchange.is_over = True
            self.fail("given up by the caller")
            receiver = self._receiver
            self.release()
            disconnect_quietly(receiver)

    def drain(self) -> None:
        """Tell the receiver that the process is about to stop."""
        if not self._exchange.is_over:
            self._receiver.drain()

    def take(self) -> bytes:
        """Take what there is of the response body, and so let the writer go on."""
        was_paused = self._exchange.is_write_paused
        data = b"".join(self._received)
        self._received.clear()
        self._size = 0
        if was_paused and not self._exchange.is_over:
            self._receiver.resume_writing()
        return data

    async def read(self) -> bytes:
        """Wait for more of the response body, and take it; empty when it is ended.

        Raises:
            RemoteProtocolError: the other end gave the exchange up.
        """
        while not self._size:
            if self.is_reset:
                raise RemoteProtocolError("the exchange was reset before its response ended")
            if self.is_ended:
                return b""
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

    def collect(self, data: bytes) -> None:
        """Take body bytes from the other end."""
        self._received.append(data)
        self._size += len(data)
        self.note_change()

    def fail(self, reason: str) -> None:
        """Note that the other end gave up, or that we did."""
        self.is_reset = True
        self.failure = reason
        self.note_change()

    def release(self) -> None:
        """Let go of the receiver: the exchange is over."""
        self._receiver = NO_RECEIVER

    def note_change(self) -> None:
        """Wake who waits for the response."""
        self._changed.set()
        if self._on_change is not None:
            self._on_change()


class MemoryExchange:
    """The endpoint's end: an `awaken.exchange.Exchange`."""

    def __init__(
        self,
        request: MemoryOutgoing,
        method: str,
        path: str,
        headers: Mapping[str, str],
        *,
        is_bidirectional: bool,
    ) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.is_bidirectional = is_bidirectional
        self.is_over = False
        self._request = request
        self._is_started = False

    @property
    def is_write_paused(self) -> bool:
        """Whether the caller takes the response slower than we write."""
        return not self.is_over and self._request.pending_size > limits.BUFFER_HIGH

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin the response. Once; headers have lower-case names."""
        if self.is_over:
            return
        if self._is_started:
            raise LocalProtocolError(f"{self!r} cannot start with {status}: its response is already started")
        self._is_started = True
        self._request.status = status
        self._request.headers = headers
        self._request.note_change()

    def write(self, data: bytes) -> None:
        """Append to the response body."""
        self._check("write")
        if data and not self.is_over and self.method != "HEAD":
            self._request.collect(data)

    def end(self) -> None:
        """End the response."""
        self._check("end")
        if not self.is_over:
            self.is_over = True
            self._request.is_ended = True
            self._request.release()
            self._request.note_change()

    def reset(self) -> None:
        """Give the exchange up: the caller sees a failure."""
        if not self.is_over:
            self.is_over = True
            self._request.release()
            self._request.fail(f"the endpoint reset {self!r}")

    def acknowledge(self, size: int) -> None:
        """Let the caller send as many more bytes."""
        if not self.is_over:
            self._request.credit += size
            self._request.note_change()

    def _check(self, what: str) -> None:
        if self._request.is_ended:
            raise LocalProtocolError(f"cannot {what} on {self!r}: its response is already ended")
        if not self._is_started and not self.is_over:
            raise LocalProtocolError(f"cannot {what} on {self!r}: start the response first")

    def __repr__(self) -> str:
        return f"<{self.method} {self.path} in memory>"
