"""What every connection of a server has in common, whatever it speaks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Connection", "Connections"]


class Connection(Protocol):
    """One connection, as the server that owns it sees it."""

    @property
    def exchange_count(self) -> int:
        """How many exchanges are live: requests and responses that are not both over."""
        ...

    def tick(self, now: float) -> None:
        """Look at the deadlines; called about once a second with the loop's time in seconds."""
        ...

    def drain(self) -> None:
        """Take no new work, tell the live exchanges, and close when the last one is done."""
        ...

    def abort(self) -> None:
        """Give up what is still live, and close."""
        ...


class Connections:
    """The connections of a server that are open. Each one lists itself."""

    def __init__(self) -> None:
        self._open: set[Connection] = set()
        self._is_empty = asyncio.Event()
        self._is_empty.set()
        self._is_draining = False

    def add(self, connection: Connection) -> None:
        """List a connection."""
        self._open.add(connection)
        self._is_empty.clear()
        if self._is_draining:  # it was on its way when the port was closed
            asyncio.get_running_loop().call_soon(connection.drain)

    def discard(self, connection: Connection) -> None:
        """Strike a connection off."""
        self._open.discard(connection)
        if not self._open:
            self._is_empty.set()

    def drain(self) -> None:
        """Drain every connection, and those that still come."""
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
