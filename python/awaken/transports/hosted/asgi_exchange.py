"""One ASGI request and its response as an exchange."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from awaken.transports import limits
from awaken.transports.guard import NO_RECEIVER, deliver, disconnect_quietly, logger
from awaken.transports.response_order import check_open, check_unstarted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence

    from awaken.exchange import Receiver

__all__ = ["HALF_CLOSE_TIMEOUT", "AsgiExchange"]

#: Seconds for the end of a request whose response has ended before it; see `_write` for why.
HALF_CLOSE_TIMEOUT = limits.HALF_CLOSE_TIMEOUT


class AsgiExchange:
    """An exchange inside an ASGI host. Its receiver is called no more once the exchange is ended or lost."""

    __slots__ = (
        "__weakref__",
        "_chunks",
        "_head",
        "_is_request_open",
        "_over",
        "_size",
        "_unacknowledged",
        "_wake_reader",
        "_wake_writer",
        "headers",
        "is_bidirectional",
        "is_ended",
        "is_lost",
        "is_reset",
        "is_started",
        "loop",
        "method",
        "path",
        "receiver",
    )

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self.loop = asyncio.get_running_loop()
        self.method: str = scope["method"]
        # It may include the prefix of a mount; hosts that put the prefix into root_path instead are fine as well.
        self.path: str = scope["path"]
        self.headers = _headers(scope["headers"])
        # In HTTP/1.1 hosts wait for the end of the request before they send, or deadlock without it.
        self.is_bidirectional = not str(scope.get("http_version", "1.1")).startswith("1")
        self.is_started = False
        self.is_ended = False
        self.is_lost = False
        self.is_reset = False
        #: Set as soon as the request is accepted.
        self.receiver: Receiver = NO_RECEIVER
        self._over: asyncio.Event | None = None
        self._head: tuple[int, Sequence[tuple[str, str]]] | None = None
        self._is_request_open = True
        self._chunks: list[bytes] = []
        self._size = 0
        self._unacknowledged = 0
        self._wake_reader: asyncio.Future[None] | None = None
        self._wake_writer: asyncio.Future[None] | None = None

    # ------------------------------------------------------------ Exchange: used by the receiver

    @property
    def is_write_paused(self) -> bool:
        """Whether the peer reads slower than you write; if so, `resume_writing` of the receiver follows."""
        return not self.is_lost and self._size > limits.BUFFER_HIGH

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin the response. Once; headers have lower-case names."""
        if self.is_lost:
            return
        check_unstarted(self, status)
        self.is_started = True
        self._head = (status, headers)
        _wake(self._wake_writer)

    def write(self, data: bytes) -> None:
        """Append to the response body. Never blocks; watch `is_write_paused`."""
        if self.is_lost:
            return
        check_open(self, "write")
        if data and self.method != "HEAD":
            self._chunks.append(data)
            self._size += len(data)
            _wake(self._wake_writer)

    def end(self) -> None:
        """End the response, in the same frame as the last write. The request may still be open."""
        if self.is_lost:
            return
        check_open(self, "end")
        self.is_ended = True
        self.receiver = NO_RECEIVER
        _wake(self._wake_writer)
        _wake(self._wake_reader)

    def reset(self) -> None:
        """Give the exchange up: the peer sees a failed stream."""
        if not self.is_lost and not self.is_ended:
            self.is_ended = self.is_reset = True
            self._finish()

    def acknowledge(self, size: int) -> None:
        """Let the peer send `size` bytes more, because as many were consumed."""
        self._unacknowledged -= size
        _wake(self._wake_reader)

    # ------------------------------------------------------------ used by the server

    @property
    def is_over(self) -> bool:
        """Whether the response is written, or the exchange lost."""
        return self.is_lost

    async def wait_over(self) -> None:
        """Wait until the response is written, or the exchange lost."""
        if not self.is_over:
            if self._over is None:
                self._over = asyncio.Event()
            await self._over.wait()

    async def respond(self, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        """Write the response as it is made, until it is ended or the exchange lost."""
        while not self.is_lost:
            if self._head is None and not self._chunks and not self.is_ended:
                self._wake_writer = self.loop.create_future()
                await self._wake_writer
                continue
            try:
                await self._write(send)
            except OSError:  # by the ASGI specification, the peer is gone
                self.lose()

    async def _write(self, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        if self._head is not None:
            status, headers = self._head
            self._head = None
            fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            await send({"type": "http.response.start", "status": status, "headers": fields})
        # Even if it is empty: some hosts keep the head until they get the first part of the body.
        body, self._chunks = b"".join(self._chunks), []
        is_ended = self.is_ended
        # Hypercorn 0.18 loses the whole connection when bytes arrive on a stream whose response has ended. So the last
        # frame leaves now, and the end of the response after the peer has had time to end its request.
        is_held = is_ended and self.is_bidirectional and self._is_request_open
        await send({"type": "http.response.body", "body": body, "more_body": is_held or not is_ended})
        was_paused = self.is_write_paused
        self._size -= len(body)
        if was_paused and not self.is_ended and not self.is_write_paused:
            deliver(self, self.receiver.resume_writing)
        if is_held:
            await self._wait_half_close()
            if not self.is_lost:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        if is_ended:
            self._finish()

    async def _wait_half_close(self) -> None:
        try:
            async with asyncio.timeout(HALF_CLOSE_TIMEOUT):
                while self._is_request_open and not self.is_lost:
                    self._wake_writer = self.loop.create_future()
                    await self._wake_writer
        except TimeoutError:
            logger.debug("%r: the peer did not end its request", self)

    async def listen(self, receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> None:
        """Read the request as fast as the receiver consumes it, until the peer disconnects."""
        while not self.is_lost:
            try:
                event = await receive()
            except Exception:
                logger.exception("the host of %r failed to receive", self)
                self.lose()
                return
            if event["type"] == "http.disconnect":
                self.lose()
                return
            body: bytes = event.get("body", b"")
            rest = memoryview(body)
            while rest and not self._is_receiver_gone():
                piece = rest[: limits.STREAM_WINDOW - self._unacknowledged]
                rest = rest[len(piece) :]
                self._unacknowledged += len(piece)
                deliver(self, self.receiver.receive_data, bytes(piece))
                await self._wait_window()
            if self._is_request_open and not event.get("more_body", False):
                self._is_request_open = False
                _wake(self._wake_writer)
                if not self._is_receiver_gone():
                    deliver(self, self.receiver.receive_end)

    async def _wait_window(self) -> None:
        """Wait until the receiver has room for more."""
        while self._unacknowledged >= limits.STREAM_WINDOW and not self._is_receiver_gone():
            self._wake_reader = self.loop.create_future()
            await self._wake_reader

    def drain(self) -> None:
        """Ask the receiver to wind up: the process is about to stop."""
        if not self._is_receiver_gone():
            deliver(self, self.receiver.drain)

    def lose(self) -> None:
        """Note that the peer or the host is gone, and disconnect the receiver."""
        if self.is_lost:
            return
        if not self.is_ended:
            disconnect_quietly(self.receiver)
        self._finish()

    def _finish(self) -> None:
        self.is_lost = True
        self.receiver = NO_RECEIVER
        self._chunks.clear()
        _wake(self._wake_writer)
        _wake(self._wake_reader)
        if self._over is not None:
            self._over.set()

    def _is_receiver_gone(self) -> bool:
        return self.is_ended or self.is_lost

    def __repr__(self) -> str:
        return f"<{self.method} {self.path} under ASGI>"


def _headers(fields: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in fields:
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return headers


def _wake(sleeper: asyncio.Future[None] | None) -> None:
    if sleeper is not None and not sleeper.done():
        sleeper.set_result(None)
