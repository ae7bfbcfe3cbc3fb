"""Calls an endpoint over HTTP/1.1: one exchange at a time on a connection, connections kept for the next one."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from awaken.transports import limits
from awaken.transports.dialer.address import Address, establish, make_client_tls_context
from awaken.transports.dialer.http1_connection import Http1ClientConnection
from awaken.transports.dialer.http1_outgoing import Http1Outgoing

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

__all__ = ["Http1Dialer"]

_TICK: Final = 1.0  # seconds


class Http1Dialer:
    """An `awaken.exchange.Dialer` over HTTP/1.1. To be made and used on one running loop.

    Args:
        url: of the endpoint, `http://` or `https://`.
        tls: instead of a context that trusts what the system trusts; it has to offer `http/1.1`, or nothing.

    Raises:
        ValueError: the URL is not absolute.
    """

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        self.address = Address.parse(url)
        self._tls = tls
        if self.address.scheme == "https" and tls is None:
            self._tls = make_client_tls_context("http/1.1")
        self._idle: list[Http1ClientConnection] = []  # the one that was used last is the last
        self._connections: set[Http1ClientConnection] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._loop = asyncio.get_running_loop()
        self._ticker: asyncio.TimerHandle | None = None

    @property
    def connection_count(self) -> int:
        """How many connections are open, or about to be."""
        return len(self._connections)

    def open(
        self, method: str, path: str, headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> Http1Outgoing:
        """Begin a request at once, without waiting for a connection; failures show in the exchange."""
        exchange = Http1Outgoing(method, self.address.target(path), headers, on_change)
        if self._is_closed:
            exchange.fail(f"{self.address}: the connections are closed already")
        elif self._idle:
            self._idle.pop().begin(exchange)
        else:
            self._connect().begin(exchange)
        return exchange

    async def close(self) -> None:
        """Close the connections; open exchanges fail."""
        self._is_closed = True
        for task in self._connecting:
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        connections = list(self._connections)
        for connection in connections:
            connection.fail("given up: the connections are being closed")
        with suppress(TimeoutError):
            async with asyncio.timeout(limits.LINGER_TIMEOUT):
                for connection in connections:
                    await connection.wait_closed()
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None

    def _connect(self) -> Http1ClientConnection:
        connection = Http1ClientConnection(self.address, self._note_idle, self._discard)
        self._connections.add(connection)
        task = self._loop.create_task(establish(connection, self.address, self._tls))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        if self._ticker is None:
            self._ticker = self._loop.call_later(_TICK, self._tick)
        return connection

    def _note_idle(self, connection: Http1ClientConnection) -> None:
        self._idle.append(connection)

    def _discard(self, connection: Http1ClientConnection) -> None:
        self._connections.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def _tick(self) -> None:
        now = self._loop.time()
        for connection in list(self._idle):
            connection.tick(now)
        self._ticker = self._loop.call_later(_TICK, self._tick) if self._connections else None
