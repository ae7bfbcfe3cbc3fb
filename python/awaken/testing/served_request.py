"""A request of httpx as an exchange, for what accepts exchanges in the same process."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.exchange import AcceptServed

__all__ = ["ServedTransport"]


class ServedTransport(httpx.AsyncBaseTransport):
    """Answers requests without a network.

    Args:
        accept: called with each request, whose body is complete.
    """

    def __init__(self, accept: AcceptServed) -> None:
        self._accept = accept

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, and wait for its response."""
        await request.aread()
        exchange = _ServedRequest(request)
        receiver = self._accept(exchange)
        response = exchange.response
        if exchange.body is not None and not response.done():
            receiver.receive_data(exchange.body)
            receiver.receive_end()
        try:
            return await response
        except asyncio.CancelledError:
            receiver.disconnect()
            raise


class _ServedRequest:
    """A `ServedExchange` whose peer is in this process."""

    http_version = "1.1"
    client = None
    is_tls = False
    is_bidirectional = False
    is_write_paused = False

    def __init__(self, request: httpx.Request) -> None:
        path, _, query = request.url.raw_path.partition(b"?")
        self.method = request.method
        self.path = path.decode("latin-1")
        self.query = query.decode("latin-1")
        self.header_list = [
            (name.lower().decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
        ]
        self.headers = dict(reversed(self.header_list))
        #: None when it is taken.
        self.body: bytes | None = request.content
        self.response: asyncio.Future[httpx.Response] = asyncio.get_running_loop().create_future()
        self._head: tuple[int, Sequence[tuple[str, str]]] = (500, ())
        self._chunks: list[bytes] = []

    def take_body(self) -> bytes | None:
        """Take the whole body."""
        body, self.body = self.body, None
        return body

    def acknowledge(self, size: int) -> None:
        """Do nothing: the body is there."""

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin the response."""
        self._head = (status, headers)

    def write(self, data: bytes) -> None:
        """Append to its body."""
        self._chunks.append(data)

    def end(self) -> None:
        """End it."""
        if not self.response.done():
            status, headers = self._head
            encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            self.response.set_result(httpx.Response(status, headers=encoded, content=b"".join(self._chunks)))

    def respond(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        """Write all of it."""
        self.start(status, headers)
        self.write(body)
        self.end()

    def reset(self) -> None:
        """Give it up: the client gets the exception that is being handled, if there is one."""
        if not self.response.done():
            error = sys.exc_info()[1] or httpx.RemoteProtocolError(f"{self!r} was broken off")
            self.response.set_exception(error)

    def __repr__(self) -> str:
        return f"<{self.method} {self.path} in this process>"
