"""Calls an endpoint over HTTP/2, many streams on a connection: by prior knowledge or by ALPN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.timing.turns import Turns
from awaken.transports import limits
from awaken.transports.dialer.http2_connection import Http2ClientConnection
from awaken.transports.dialer.http2_outgoing import Http2Outgoing
from awaken.transports.dialer.pool import ConnectionPool

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

__all__ = ["Http2Dialer"]


class Http2Dialer:
    """An `awaken.exchange.Dialer` with a pool of HTTP/2 connections. Make and use it on one running loop.

    An exchange goes to the first connection that is less than about 70 % full, or else to a new one.

    Args:
        url: of the endpoint, `http://` or `https://`.
        tls: context to use instead of one that trusts the authorities of the system; it has to offer `h2` by ALPN.

    Raises:
        ValueError: the URL is not absolute.
    """

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        self._pool: ConnectionPool[Http2ClientConnection] = ConnectionPool(url, "h2", tls)
        self._turns = Turns(limits.SLICE)
        self.address = self._pool.address

    @property
    def connection_count(self) -> int:
        """How many connections take exchanges, or are being opened."""
        return len(self._pool)

    def open(
        self, method: str, path: str, headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> Http2Outgoing:
        """Begin a request at once, without waiting for a connection; failures show in the exchange."""
        exchange = Http2Outgoing(method, self.address.target(path), headers, on_change)
        self._place(exchange)
        return exchange

    async def close(self) -> None:
        """Close the connections; open exchanges fail."""
        await self._pool.close()

    def _place(self, exchange: Http2Outgoing) -> None:
        if self._pool.is_closed:
            exchange.fail(f"{self.address}: the connections are closed already")
            return
        for connection in self._pool:
            if connection.has_room:
                connection.add(exchange)
                return
        connection = Http2ClientConnection(self.address, self._turns, self._place, self._pool.retire)
        self._pool.add(connection)
        connection.add(exchange)
