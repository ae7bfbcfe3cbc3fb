"""The connections to one endpoint: those being opened, those in use, and those being closed."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from awaken.transports import limits
from awaken.transports.dialer.address import CONNECT_TIMEOUT, Address, describe_error
from awaken.transports.dialer.client_connection import ClientConnection

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ConnectionPool"]

C = TypeVar("C", bound=ClientConnection)

_TICK: Final = 1.0  # seconds
_CLOSING: Final = "given up: the connections are being closed"


class ConnectionPool(Generic[C]):
    """The connections of a dialer. Make and use it on one running loop.

    Args:
        url: of the endpoint, `http://` or `https://`.
        protocol: what to negotiate over TLS, `h2` or `http/1.1`.
        tls: context to use instead of one that trusts the authorities of the system.

    Raises:
        ValueError: the URL is not absolute.
    """

    def __init__(self, url: str, protocol: str, tls: ssl.SSLContext | None) -> None:
        self.address = Address.parse(url)
        self.is_closed = False
        self._tls = tls
        if self.address.scheme == "https" and tls is None:
            self._tls = _make_tls_context(protocol)
        self._open: dict[C, None] = {}  # in the order in which they were added
        self._closing: set[C] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._ticker: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many connections are open, or being opened."""
        return len(self._open)

    def __iter__(self) -> Iterator[C]:
        """Iterate over these connections, the oldest first."""
        return iter(self._open)

    def add(self, connection: C) -> None:
        """Open a new connection; if that fails, the connection fails with it."""
        self._open[connection] = None
        task = self._loop.create_task(_establish(connection, self.address, self._tls))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        if self._ticker is None:
            self._ticker = self._loop.call_later(_TICK, self._tick)

    def retire(self, connection: C) -> None:
        """Use a connection no longer; its deadlines are still watched until it is gone."""
        if connection in self._open:
            del self._open[connection]
            self._closing.add(connection)

    async def close(self) -> None:
        """Fail what is open on the connections, and close them."""
        self.is_closed = True
        for task in self._connecting:
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        for connection in list(self._open):
            connection.fail(_CLOSING)
        closing = list(self._closing)
        with suppress(TimeoutError):
            async with asyncio.timeout(limits.LINGER_TIMEOUT):
                for connection in closing:
                    await connection.wait_closed()
        for connection in closing:
            connection.abort()
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None

    def _tick(self) -> None:
        now = self._loop.time()
        for connection in (*self._open, *self._closing):
            connection.tick(now)
        self._closing = {connection for connection in self._closing if connection.is_connected}
        is_needed = self._open or self._closing
        self._ticker = self._loop.call_later(_TICK, self._tick) if is_needed else None


async def _establish(connection: ClientConnection, address: Address, tls: ssl.SSLContext | None) -> None:
    """Open a connection, or fail it."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            await loop.create_connection(lambda: connection, address.host, address.port, ssl=tls)
    except asyncio.CancelledError:
        connection.fail(_CLOSING)
        raise
    except TimeoutError:
        connection.fail(f"cannot connect: no connection within {CONNECT_TIMEOUT:g} s")
    except Exception as error:
        connection.fail(f"cannot connect: {describe_error(error)}")


def _make_tls_context(protocol: str) -> ssl.SSLContext:
    """Return a context that trusts the authorities of the system, and negotiates one protocol."""
    context = ssl.create_default_context()
    context.set_alpn_protocols([protocol])
    return context
