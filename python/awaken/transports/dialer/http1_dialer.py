"""Calls an endpoint over HTTP/1.1, one exchange at a time on a connection; idle connections are used again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.timing.turns import Turns
from awaken.transports import limits
from awaken.transports.dialer.http1_connection import Http1ClientConnection
from awaken.transports.dialer.http1_outgoing import Http1Outgoing
from awaken.transports.dialer.pool import ConnectionPool

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

__all__ = ["Http1Dialer"]


class Http1Dialer:
    """An `awaken.exchange.Dialer` over HTTP/1.1. Make and use it on one running loop.

    Args:
        url: of the endpoint, `http://` or `https://`.
        tls: context to use instead of one that trusts the authorities of the system; if it uses ALPN, it has to offer
            `http/1.1`.

    Raises:
        ValueError: the URL is not absolute.
    """

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        self._pool: ConnectionPool[Http1ClientConnection] = ConnectionPool(url, "http/1.1", tls)
        self._turns = Turns(limits.SLICE)
        self._idle: list[Http1ClientConnection] = []  # the one used last is at the end
        self.address = self._pool.address

    @property
    def connection_count(self) -> int:
        """How many connections are open, or being opened."""
        return len(self._pool)

    def open(
        self, method: str, path: str, headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> Http1Outgoing:
        """Begin a request at once, without waiting for a connection; failures show in the exchange."""
        exchange = Http1Outgoing(method, self.address.target(path), headers, on_change)
        self._place(exchange)
        return exchange

    async def close(self) -> None:
        """Close the connections; open exchanges fail."""
        await self._pool.close()

    def _place(self, exchange: Http1Outgoing) -> None:
        if self._pool.is_closed:
            exchange.fail(f"{self.address}: the connections are closed already")
        elif self._idle:
            self._idle.pop().begin(exchange)
        else:
            connection = Http1ClientConnection(
                self.address, self._turns, self._place, self._idle.append, self._discard
            )
            self._pool.add(connection)
            connection.begin(exchange)

    def _discard(self, connection: Http1ClientConnection) -> None:
        self._pool.retire(connection)
        if connection in self._idle:
            self._idle.remove(connection)
