"""Calls an endpoint over HTTP/1.1: one exchange at a time on a connection, connections kept for the next one."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from awaken.transports import limits
from awaken.transports.dialer.address import Address, establish, make_client_tls_context
from awaken.transports.dialer.http1_connection import Http1Link
from awaken.transports.dialer.http1_outgoing import Http1Call

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

__all__ = ["Http1Dialer"]

_TICK: Final = 1.0  # seconds


class Http1Dialer:
    """An `awaken.exchange.Dialer` over HTTP/1.1. To be made and used on one running loop.

    Args:
        url: of the endpoint, `http://` or `https://`.
        tls: instead of a context that trusts what the system trusts; it has to offer `http/1.1`, or nothing.

    Raises:
        ValueError: the URL is not absolute.
    """

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        self.address = Address.parse(url)
        self._tls = tls
        if self.address.scheme == "https" and tls is None:
            self._tls = make_client_tls_context("http/1.1")
        self._idle: list[Http1Link] = []  # the one that was used last is the last
        self._links: set[Http1Link] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._loop = asyncio.get_running_loop()
        self._ticker: asyncio.TimerHandle | None = None

    @property
    def connection_count(self) -> int:
        """How many connections are open, or about to be."""
        return len(self._links)

    def open(
        self, method: str, path: str, headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> Http1Call:
        """Begin a request at once, without waiting for a connection; failures show in the exchange."""
        call = Http1Call(method, self.address.target(path), headers, on_change)
        if self._is_closed:
            call.fail(f"{self.address}: the connections are closed already")
        elif self._idle:
            self._idle.pop().begin(call)
        else:
            self._connect().begin(call)
        return call

    async def close(self) -> None:
        """Close the connections; open exchanges fail."""
        self._is_closed = True
        for task in self._connecting:
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        links = list(self._links)
        for link in links:
            link.fail("given up: the connections are being closed")
        with suppress(TimeoutError):
            async with asyncio.timeout(limits.LINGER_TIMEOUT):
                for link in links:
                    await link.wait_closed()
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None

    def _connect(self) -> Http1Link:
        link = Http1Link(self.address, self._note_idle, self._discard)
        self._links.add(link)
        task = self._loop.create_task(establish(link, self.address, self._tls))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        if self._ticker is None:
            self._ticker = self._loop.call_later(_TICK, self._tick)
        return link

    def _note_idle(self, link: Http1Link) -> None:
        self._idle.append(link)

    def _discard(self, link: Http1Link) -> None:
        self._links.discard(link)
        if link in self._idle:
            self._idle.remove(link)

    def _tick(self) -> None:
        now = self._loop.time()
        for link in list(self._idle):
            link.tick(now)
        self._ticker = self._loop.call_later(_TICK, self._tick) if self._links else None
