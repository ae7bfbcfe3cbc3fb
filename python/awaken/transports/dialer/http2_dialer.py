"""Calls an endpoint over HTTP/2: by prior knowledge for `http://`, by ALPN for `https://`, many streams each."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from awaken.transports import limits
from awaken.transports.dialer.address import Address, establish, make_client_tls_context
from awaken.transports.dialer.http2_connection import Http2Link
from awaken.transports.dialer.http2_outgoing import Http2Call

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

__all__ = ["Http2Dialer"]

_TICK: Final = 1.0  # seconds


class Http2Dialer:
    """An `awaken.exchange.Dialer` with a pool of HTTP/2 connections. To be made and used on one running loop.

    A call goes to the first connection that is less than about 70 % full, and else to a new one.

    Args:
        url: of the endpoint, `http://` or `https://`.
        tls: instead of a context that trusts what the system trusts; it has to offer `h2`.

    Raises:
        ValueError: the URL is not absolute.
    """

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        self.address = Address.parse(url)
        self._tls = tls
        if self.address.scheme == "https" and tls is None:
            self._tls = make_client_tls_context("h2")
        self._links: list[Http2Link] = []
        self._closing: set[Http2Link] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._loop = asyncio.get_running_loop()
        self._ticker: asyncio.TimerHandle | None = None

    @property
    def connection_count(self) -> int:
        """How many connections take calls, or are about to."""
        return len(self._links)

    def open(
        self, method: str, path: str, headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> Http2Call:
        """Begin a request at once, without waiting for a connection; failures show in the exchange."""
        call = Http2Call(method, self.address.target(path), headers, on_change)
        self._place(call)
        return call

    async def close(self) -> None:
        """Close the connections; open exchanges fail."""
        self._is_closed = True
        for task in self._connecting:
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        for link in list(self._links):
            link.fail("given up: the connections are being closed")
        closing = list(self._closing)
        with suppress(TimeoutError):
            async with asyncio.timeout(limits.LINGER_TIMEOUT):
                for link in closing:
                    await link.wait_closed()
        for link in closing:
            link.abort()
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None

    def _place(self, call: Http2Call) -> None:
        if self._is_closed:
            call.fail(f"{self.address}: the connections are closed already")
            return
        for link in self._links:
            if link.has_room:
                link.add(call)
                return
        self._connect().add(call)

    def _connect(self) -> Http2Link:
        link = Http2Link(self.address, self._place, self._retire)
        self._links.append(link)
        task = self._loop.create_task(establish(link, self.address, self._tls))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        if self._ticker is None:
            self._ticker = self._loop.call_later(_TICK, self._tick)
        return link

    def _retire(self, link: Http2Link) -> None:
        """Give this connection no more calls, and look after it until it is gone."""
        if link in self._links:
            self._links.remove(link)
            self._closing.add(link)

    def _tick(self) -> None:
        now = self._loop.time()
        for link in (*self._links, *self._closing):
            link.tick(now)
        self._closing = {link for link in self._closing if link.is_connected}
        alive = self._links or self._closing
        self._ticker = self._loop.call_later(_TICK, self._tick) if alive else None
