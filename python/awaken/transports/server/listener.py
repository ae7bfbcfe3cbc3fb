"""Detects the protocol of a new connection, HTTP/2 or HTTP/1.1, since both share one port."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast

from awaken.transports import limits
from awaken.transports.http2.engines import make_rust_engine
from awaken.transports.server.http1_connection import Http1ServerConnection
from awaken.transports.server.http2_connection import Http2ServerConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.exchange import AcceptServed
    from awaken.transports.http2.engine import Engine
    from awaken.transports.server.connection import Connections

__all__ = ["Listener"]

# What an HTTP/2 client says first (RFC 9113, section 3.4). No HTTP/1.1 request begins like this.
_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Listener(asyncio.Protocol):
    """A new connection, until its first bytes show which protocol takes over.

    Args:
        accept: called with each request.
        connections: to which connections add themselves while they are open.
        make_engine: makes the HTTP/2 engine of a connection.
    """

    def __init__(
        self,
        accept: AcceptServed,
        connections: Connections,
        make_engine: Callable[[], Engine] = make_rust_engine,
    ) -> None:
        self._make_engine = make_engine
        self._accept = accept
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._transport: asyncio.Transport | None = None
        self._received = b""

    @property
    def http_version(self) -> str:
        """`unknown`: the first bytes show it."""
        return "unknown"

    @property
    def exchange_count(self) -> int:
        """0: there is no request yet."""
        return 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the protocol that TLS negotiated, or wait for the first bytes."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() == "h2":
            self._hand_over(Http2ServerConnection(self._accept, self._connections, self._make_engine))

    def data_received(self, data: bytes) -> None:
        """Compare the bytes so far with the preface of HTTP/2."""
        self._received += data
        if self._received.startswith(_PREFACE):
            self._hand_over(Http2ServerConnection(self._accept, self._connections, self._make_engine))
        elif _PREFACE.startswith(self._received):
            return
        elif _is_not_http(self._received) and not self._connections.options.answers_strangers:
            # An answer in HTTP/1.1 would only confuse the peer: a broken HTTP/2 preface is answered by closing.
            self.abort()
        else:
            self._hand_over(Http1ServerConnection(self._accept, self._connections))

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the open connections."""
        self._transport = None
        self._connections.discard(self)

    def tick(self, now: float) -> None:
        """Close a connection that has sent nothing."""
        if now - self._since > limits.OPENING_TIMEOUT:
            self.abort()

    def drain(self) -> None:
        """Close: there is no exchange to wait for."""
        self.abort()

    def abort(self) -> None:
        """Close."""
        if self._transport is not None:
            self._transport.close()

    def _hand_over(self, connection: Http1ServerConnection | Http2ServerConnection) -> None:
        transport = self._transport
        if transport is None:
            return
        self._connections.discard(self)
        transport.set_protocol(connection)
        connection.connection_made(transport)
        if self._received:
            connection.data_received(self._received)


def _is_not_http(received: bytes) -> bool:
    first_line, newline, _ = received.partition(b"\n")
    return bool(newline) and b" HTTP/1." not in first_line
