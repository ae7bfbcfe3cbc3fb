"""What a server needs of its connections, and the set of those that are open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Connection", "Connections", "client_of", "is_encrypted"]


class Connection(Protocol):
    """One connection as its server sees it, whatever protocol it has."""

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
    """The open connections of a server. Each one adds and discards itself."""

    def __init__(self) -> None:
        self._open: set[Connection] = set()
        self._is_empty = asyncio.Event()
        self._is_empty.set()
        self._is_draining = False

    def add(self, connection: Connection) -> None:
        """Add a connection."""
        self._open.add(connection)
        self._is_empty.clear()
        if self._is_draining:  # accepted just before the port was closed
            asyncio.get_running_loop().call_soon(connection.drain)

    def discard(self, connection: Connection) -> None:
        """Remove a connection."""
        self._open.discard(connection)
        if not self._open:
            self._is_empty.set()

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
