"""What a server needs of its connections, and the set of those that are open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from awaken.transports.server.serving import FOR_RUNTIMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from awaken.transports.server.serving import ServingOptions

__all__ = ["Connection", "Connections", "client_of", "is_encrypted"]


class Connection(Protocol):
    """One connection as its server sees it, whatever protocol it has."""

    @property
    def http_version(self) -> str:
        """`1.1` or `2`; `unknown` before the first bytes show it."""
        ...

    @property
    def exchange_count(self) -> int:
        """How many exchanges are live: their request, or their response, has not ended."""
        ...

    def tick(self, now: float) -> None:
        """Check the deadlines; called about once a second with the loop's time in seconds."""
        ...

    def drain(self) -> None:
        """Take no new work, drain the live exchanges, and close when the last one is done."""
        ...

    def abort(self) -> None:
        """Give up what is still live, and close."""
        ...


def client_of(transport: asyncio.BaseTransport | None) -> tuple[str, int] | None:
    """Return host and port of the peer of a connection; None if its socket has none, or is gone."""
    peer = None if transport is None else transport.get_extra_info("peername")
    return (peer[0], peer[1]) if isinstance(peer, tuple) else None


def is_encrypted(transport: asyncio.BaseTransport | None) -> bool:
    """Return whether a connection has TLS."""
    return transport is not None and transport.get_extra_info("ssl_object") is not None


class Connections:
    """The open connections of a server. Each one adds and discards itself.

    If their number is limited, a new one that finds no room takes that of the connection that has been silent for
    longest: a client sends its request at once. If all are being answered, the new one is closed.

    Args:
        options: of the server.
    """

    def __init__(self, options: ServingOptions = FOR_RUNTIMES) -> None:
        self.options = options
        self._open: set[Connection] = set()
        #: Those without a request that is being answered, the one that has been silent for longest first. Empty if
        #: their number is not limited.
        self._silent: dict[Connection, None] = {}
        self._is_empty = asyncio.Event()
        self._is_empty.set()
        self._is_draining = False

    def add(self, connection: Connection) -> None:
        """Add a connection, and perhaps close one for it."""
        self._open.add(connection)
        self._is_empty.clear()
        if self._is_draining:  # accepted just before the port was closed
            asyncio.get_running_loop().call_soon(connection.drain)
        most = self.options.most_connections
        if most is None:
            return
        self._silent[connection] = None
        if len(self._open) > most:
            leaving = next(iter(self._silent))
            self.discard(leaving)
            leaving.abort()

    def discard(self, connection: Connection) -> None:
        """Remove a connection."""
        self._open.discard(connection)
        self._silent.pop(connection, None)
        if not self._open:
            self._is_empty.set()

    def note_busy(self, connection: Connection) -> None:
        """Note that a request of a connection is being answered."""
        self._silent.pop(connection, None)

    def note_silent(self, connection: Connection) -> None:
        """Note that no request of a connection is being answered any more."""
        if self.options.most_connections is not None and connection in self._open:
            self._silent[connection] = None

    def drain(self) -> None:
        """Drain every connection, including those that are still added."""
        self._is_draining = True
        for connection in self:
            connection.drain()

    async def wait_empty(self) -> None:
        """Wait until no connection is open."""
        await self._is_empty.wait()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Connection]:
        """Iterate over the connections open now."""
        return iter(list(self._open))
