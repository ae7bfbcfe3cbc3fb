"""The base of a connection to an endpoint: what a pool needs of one, and how one ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from awaken.transports import limits
from awaken.transports.dialer.address import describe_error

if TYPE_CHECKING:
    from awaken.transports.dialer.address import Address

__all__ = ["ClientConnection"]


class ClientConnection(asyncio.Protocol):
    """One connection to an endpoint, from before it is opened until it is gone.

    Args:
        address: of the endpoint.
    """

    def __init__(self, address: Address) -> None:
        #: Whether it is closed for exchanges; its socket may still be open.
        self.is_closed = False
        self._address = address
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._closing_at = 0.0
        self._lost = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """Whether there is a socket."""
        return self._transport is not None

    def fail(self, reason: str) -> None:
        """Close, and fail what is open."""
        raise NotImplementedError

    def tick(self, now: float) -> None:
        """Check the deadlines; called about once a second with the loop's time in seconds."""
        raise NotImplementedError

    def abort(self) -> None:
        """Close the socket at once, if there is one."""
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the connection is gone."""
        await self._lost.wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what is still open, once everything that came before is read."""
        self._transport = None
        self._lost.set()
        reason = (
            f"the connection was lost: {'closed by the endpoint' if exc is None else describe_error(exc)}"
        )
        if not self._postpone_loss(reason):
            self.fail(reason)

    def _postpone_loss(self, reason: str) -> bool:
        """Return whether something waits to be read; if so, the connection is to fail when that is done."""
        raise NotImplementedError

    def _begin_closing(self) -> asyncio.Transport | None:
        """Mark the connection as closed, and return the socket that is left to close."""
        self.is_closed = True
        self._closing_at = self._loop.time()
        if self._transport is None:
            self._lost.set()
        return self._transport

    def _limit_closing(self, now: float) -> None:
        """Close the socket at once if the peer takes too long to close it."""
        if now - self._closing_at > limits.LINGER_TIMEOUT:
            self.abort()
