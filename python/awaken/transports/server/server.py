"""A port that is open, and its connections."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from awaken.exchange import direct_invocations
from awaken.transports import limits
from awaken.transports.guard import logger
from awaken.transports.http2.engines import make_rust_engine
from awaken.transports.server.connection import Connections
from awaken.transports.server.listener import Listener
from awaken.transports.server.serving import FOR_RUNTIMES

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from os import PathLike

    from awaken.exchange import AcceptServed
    from awaken.transports.http2.engine import Engine
    from awaken.transports.server.serving import ServingOptions

__all__ = ["Server", "make_tls_context", "start_server"]

_TICK: Final = 1.0  # seconds
_VERSIONS: Final[tuple[str, ...]] = ("1.1", "2", "unknown")


class Server:
    """An open port. Made by `start_server`."""

    def __init__(self, server: asyncio.Server, connections: Connections) -> None:
        self._server = server
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._sockets: tuple[socket.socket, ...] = tuple(server.sockets)
        self._address: tuple[str, int] = server.sockets[0].getsockname()[:2]
        self._ticker = self._loop.call_later(_TICK, self._tick)

    @property
    def sockets(self) -> Sequence[socket.socket]:
        """The listening sockets."""
        return self._sockets

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the first one; the actual port if 0 was asked for."""
        return self._address

    @property
    def connection_count(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    @property
    def exchange_count(self) -> int:
        """How many exchanges are live."""
        return sum(connection.exchange_count for connection in self._connections)

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return how many connections are open and how many exchanges are live, by HTTP version.

        A connection has the version `unknown` until its first bytes have come.
        """
        connections = dict.fromkeys(_VERSIONS, 0)
        exchanges = dict.fromkeys(_VERSIONS, 0)
        for connection in self._connections:
            connections[connection.http_version] += 1
            exchanges[connection.http_version] += connection.exchange_count
        return {version: (connections[version], exchanges[version]) for version in _VERSIONS}

    async def close(self, grace: timedelta = timedelta(0)) -> None:
        """Stop listening, let the live exchanges wind up, and close.

        New connections are refused at once, so that load balancers and the runtime send their requests elsewhere. Open
        HTTP/2 connections get GOAWAY, HTTP/1.1 ones close after the response that is being written, and every live
        receiver is asked to `drain`.

        Args:
            grace: how long the exchanges may take; those that are live after that are reset.
        """
        self._server.close()
        self._connections.drain()
        try:
            await asyncio.wait_for(self._connections.wait_empty(), grace.total_seconds())
        except TimeoutError:
            for connection in self._connections:
                if connection.exchange_count:
                    logger.log(
                        self._connections.options.cut_level,
                        "%d exchanges did not end within %s: reset",
                        connection.exchange_count,
                        grace,
                    )
                connection.abort()
            # The last bytes may not have left yet.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._connections.wait_empty(), limits.LINGER_TIMEOUT)
            for connection in self._connections:
                connection.abort()
        self._ticker.cancel()

    def _tick(self) -> None:
        self._ticker = self._loop.call_later(_TICK, self._tick)
        now = self._loop.time()
        for connection in self._connections:
            try:
                connection.tick(now)
            except Exception:
                logger.exception("looking at the deadlines of %r failed; it is closed", connection)
                connection.abort()


async def start_server(
    accept: AcceptServed,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    sock: socket.socket | None = None,
    tls: ssl.SSLContext | None = None,
    make_engine: Callable[[], Engine] = make_rust_engine,
    options: ServingOptions = FOR_RUNTIMES,
) -> Server:
    """Listen for HTTP/2 and HTTP/1.1 on one port.

    Args:
        accept: called with each request.
        host: host to listen on.
        port: port to listen on; 0 finds a free one, see `Server.address`.
        sock: a bound socket, to use instead of host and port.
        tls: context for TLS, see `make_tls_context`; None serves cleartext.
        make_engine: makes the HTTP/2 engine of a connection.
        options: how peers are treated.

    Raises:
        OSError: the address is taken, or does not belong to this machine.
    """
    loop = asyncio.get_running_loop()
    direct_invocations(accept)  # an endpoint imports what runs handlers, before its first connection
    connections = Connections(options)

    def make_listener() -> Listener:
        return Listener(accept, connections, make_engine)

    where: dict[str, Any] = {"sock": sock} if sock is not None else {"host": host, "port": port}
    deadlines: dict[str, Any] = {}
    if tls is not None:
        deadlines = {
            "ssl_handshake_timeout": limits.OPENING_TIMEOUT,
            "ssl_shutdown_timeout": limits.LINGER_TIMEOUT,
        }
    server = await loop.create_server(make_listener, **where, ssl=tls, backlog=1024, **deadlines)
    return Server(server, connections)


def make_tls_context(certificate: str | PathLike[str], key: str | PathLike[str]) -> ssl.SSLContext:
    """Make a context that offers HTTP/2 and HTTP/1.1.

    Args:
        certificate: PEM file with the certificate chain.
        key: PEM file with its private key.

    Raises:
        OSError: a file cannot be read.
        ssl.SSLError: a file is not PEM, or the key is not the certificate's.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context
