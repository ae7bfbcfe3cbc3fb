"""A port for callers, operators and people: HTTP/1.1 and HTTP/2, with limits for peers that anyone may be."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from awaken.hosting.applications import Applications
from awaken.hosting.open_files import most_connections
from awaken.hosting.server_numbers import measure_server
from awaken.hosting.urls import http_url
from awaken.metrics import instruments
from awaken.transports.http2.engines import make_rust_engine
from awaken.transports.server.server import start_server
from awaken.transports.server.serving import ServingOptions

if TYPE_CHECKING:
    import socket
    import ssl

    from starlette.types import ASGIApp

    from awaken.exchange import AcceptServed
    from awaken.metrics.metrics import Metrics
    from awaken.transports.http2.engine import Engine
    from awaken.transports.server.server import Server

__all__ = ["HttpServer"]

#: How long open requests may take when the server stops, as in the official server.
_GRACE_SECONDS: Final = 5.0
#: How long an idle connection stays open.
_KEEP_ALIVE_SECONDS: Final = 60.0
#: Seconds for which a request is answered after its peer has ended its side of the connection. From here, a peer that
#: waits for the answer looks like one that has closed the connection, which shows only when something is written.
_HALF_CLOSED_TIMEOUT: Final = 60.0
#: Bytes of a body that may wait until they are taken: over HTTP/1.1, of a stream of HTTP/2, and of all streams of a
#: connection. Less than at an endpoint, because there may be as many connections as a quarter of all files.
_WINDOW: Final = 64 * 1024
_STREAM_WINDOW: Final = 256 * 1024
_CONNECTION_WINDOW: Final = 1024 * 1024


class HttpServer:
    """One open port.

    Args:
        accept: called with each request.
        host: name or address to listen on.
        port: port to listen on; 0 finds a free one.
        applications: what `accept` leads to and has to end with the server.
        tls: context for TLS; None serves cleartext.
        connections: how many there may be at a time; by default a part of the files that the process may open.
        sock: a socket that listens already, to use instead of host and port.
    """

    def __init__(
        self,
        accept: AcceptServed,
        host: str,
        port: int,
        *,
        applications: Applications | None = None,
        tls: ssl.SSLContext | None = None,
        connections: int | None = None,
        sock: socket.socket | None = None,
    ) -> None:
        self._sock = sock
        self._accept = accept
        self._host = host
        self._port = port
        self._applications = applications or Applications()
        self._tls = tls
        self._options = ServingOptions(
            idle_timeout=_KEEP_ALIVE_SECONDS,
            half_closed_timeout=_HALF_CLOSED_TIMEOUT,
            window=_WINDOW,
            most_connections=most_connections() if connections is None else connections,
            answers_strangers=True,
            awaits_requests_in_flight=False,  # clients that read nothing while they are idle would hold up the end
            cut_level=logging.DEBUG,  # whoever waits for a result may wait for a week
        )
        self._server: Server | None = None
        self._measured: tuple[Metrics, str] | None = None

    @classmethod
    def of_application(
        cls,
        app: ASGIApp,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        connections: int | None = None,
    ) -> HttpServer:
        """Return a server of one ASGI application."""
        applications = Applications()
        accept = applications.serve(app)
        return cls(accept, host, port, applications=applications, tls=tls, connections=connections)

    def measure(self, metrics: Metrics | None, port: str) -> None:
        """Count answers, and show connections, from the start on; None does nothing.

        Args:
            metrics: the numbers of this process.
            port: what is served, a value of the label of this name.
        """
        if metrics is not None:
            self._measured = (metrics, port)
            answers = metrics.counter(instruments.HTTP_REQUESTS)
            self._options = replace(
                self._options, on_status=lambda status: answers.of(port, str(status)).add()
            )

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens on, or listened on until it was stopped."""
        if self._server is None:
            raise RuntimeError(f"nothing listens on {self._host}:{self._port}; start the server first")
        return self._server.address

    @property
    def url(self) -> str:
        """The URL of this address."""
        return http_url(self.address, is_tls=self._tls is not None)

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the address is taken, or does not belong to this machine.
        """
        self._server = await start_server(
            self._accept,
            host=self._host,
            port=self._port,
            sock=self._sock,
            tls=self._tls,
            make_engine=_make_engine,
            options=self._options,
        )
        self._applications.address = self._server.address
        if self._measured is not None:
            metrics, port = self._measured
            measure_server(metrics, self._server, port)

    async def stop(self, grace_s: float = _GRACE_SECONDS) -> None:
        """Take no more requests, and cut off open ones that do not end within `grace_s` seconds."""
        if self._server is None:
            return
        await self._server.close(timedelta(seconds=grace_s))
        await self._applications.end()


def _make_engine() -> Engine:
    return make_rust_engine(stream_window=_STREAM_WINDOW, connection_window=_CONNECTION_WINDOW)
