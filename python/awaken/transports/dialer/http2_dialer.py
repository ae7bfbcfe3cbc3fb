"""Calls an endpoint over HTTP/2: by prior knowledge for `http://`, by ALPN for `https://`, many streams each."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from awaken.transports import limits
from awaken.transports.dialer.address import Address, establish, make_client_tls_context
from awaken.transports.dialer.http2_connection import Http2ClientConnection
from awaken.transports.dialer.http2_outgoing import Http2Outgoing

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

__all__ = ["Http2Dialer"]

_TICK: Final = 1.0  # seconds


class Http2Dialer:
    """An `awaken.exchange.Dialer` with a pool of HTTP/2 connections. To be made and used on one running loop.

    An exchange goes to the first connection that is less than about 70 % full, and else to a new one.

    Args:
        url: of the endpoint, `http://` or `https://`.
        tls: instead of a context that trusts what the system trusts; it has to offer `h2`.

    Raises:
        ValueError: the URL is not absolute.
    """

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        self.address = Address.parse(url)
        self._tls = tls
        if self.address.scheme == "https" and tls is None:
            self._tls = make_client_tls_context("h2")
        self._connections: list[Http2ClientConnection] = []
        self._closing: set[Http2ClientConnection] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._loop = asyncio.get_running_loop()
        self._ticker: asyncio.TimerHandle | None = None

    @property
    def connection_count(self) -> int:
        """How many connections take exchanges, or are about to."""
        return len(self._connections)

    def open(
        self, method: str, path: str, headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> Http2Outgoing:
        """Begin a request at once, without waiting for a connection; failures show in the exchange."""
        exchange = Http2Outgoing(method, self.address.target(path), headers, on_change)
        self._place(exchange)
        return exchange

    async def close(self) -> None:
        """Close the connections; open exchanges fail."""
        self._is_closed = True
        for task in self._connecting:
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        for connection in list(self._connections):
            connection.fail("given up: the connections are being closed")
        closing = list(self._closing)
        with suppress(TimeoutError):
            async with asyncio.timeout(limits.LINGER_TIMEOUT):
                for connection in closing:
                    await connection.wait_closed()
        for connection in closing:
            connection.abort()
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None

    def _place(self, exchange: Http2Outgoing) -> None:
        if self._is_closed:
            exchange.fail(f"{self.address}: the connections are closed already")
            return
        for connection in self._connections:
            if connection.has_room:
                connection.add(exchange)
                return
        self._connect().add(exchange)

    def _connect(self) -> Http2ClientConnection:
        connection = Http2ClientConnection(self.address, self._place, self._retire)
        self._connections.append(connection)
        task = self._loop.create_task(establish(connection, self.address, self._tls))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        if self._ticker is None:
            self._ticker = self._loop.call_later(_TICK, self._tick)
        return connection

    def _retire(self, connection: Http2ClientConnection) -> None:
        """Give this connection no more exchanges, and look after it until it is gone."""
        if connection in self._connections:
            self._connections.remove(connection)
            self._closing.add(connection)

    def _tick(self) -> None:
        now = self._loop.time()
        for connection in (*self._connections, *self._closing):
            connection.tick(now)
        self._closing = {connection for connection in self._closing if connection.is_connected}
        alive = self._connections or self._closing
        self._ticker = self._loop.call_later(_TICK, self._tick) if alive else None
