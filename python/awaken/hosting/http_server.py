"""Serves an ASGI application over HTTP/1.1 inside the running loop.

It is uvicorn's protocol on a listener of our own, so starting and stopping need no polling, and signals stay with the
owner of the process. `awaken.transports.server` serves endpoints only: it knows exchanges, not ASGI.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from uvicorn.server import ServerState

from awaken.hosting.http_protocol import HttpProtocol
from awaken.hosting.open_files import Connections, most_connections
from awaken.hosting.urls import http_url
from awaken.transports import limits

if TYPE_CHECKING:
    import ssl

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["HttpServer"]

#: How long open requests may take when the server stops, as in the official server.
_GRACE_SECONDS: Final = 5.0
#: How long an idle connection stays open.
_KEEP_ALIVE_SECONDS: Final = 60


class HttpServer:
    """One open port.

    Args:
        app: ASGI application to serve.
        host: name or address to listen on.
        port: port to listen on; 0 finds a free one.
        tls: context for TLS; None serves cleartext.
        connections: how many there may be at a time; by default a part of the files that the process may open.
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        connections: int | None = None,
    ) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._tls = tls
        self._connections = Connections(most_connections() if connections is None else connections)
        self._state = ServerState()
        self._listener: asyncio.Server | None = None
        self._address: tuple[str, int] | None = None
        self._is_stopping = False

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens on, or listened on until it was stopped."""
        if self._address is None:
            raise RuntimeError(f"nothing listens on {self._host}:{self._port}; start the server first")
        return self._address

    @property
    def url(self) -> str:
        """The URL of this address."""
        return http_url(self.address, is_tls=self._tls is not None)

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the address is taken, or does not belong to this machine.
        """
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        config.load()
        loop = asyncio.get_running_loop()
        deadlines: dict[str, Any] = {}
        if self._tls is not None:
            deadlines = {
                "ssl_handshake_timeout": limits.OPENING_TIMEOUT,
                "ssl_shutdown_timeout": limits.LINGER_TIMEOUT,
            }
        self._listener = await loop.create_server(
            lambda: HttpProtocol(config, self._state, self._connections),
            self._host,
            self._port,
            ssl=self._tls,
            backlog=2048,
            **deadlines,
        )
        host, port = self._listener.sockets[0].getsockname()[:2]
        self._address = (host, port)

    async def stop(self, grace_s: float = _GRACE_SECONDS) -> None:
        """Take no more requests, and cut off open ones that do not end within `grace_s` seconds."""
        if self._listener is None:
            return
        self._is_stopping = True
        self._listener.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(list(self._state.tasks), timeout=grace_s)
        for connection in list(self._state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)  # the connections note that they are lost
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self._is_stopping:
                raise
            # This is the outermost frame of a task that `stop` has cancelled: nothing is left to unwind.
