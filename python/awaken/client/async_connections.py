"""A transport of httpx for many requests at once, on the event loop.

The pool of httpx looks at each of its connections, and asks the system about those that are idle, whenever a request
begins or ends. With 32 requests in flight that takes five times as long as the requests themselves. Here each request
has a small pool to itself, which is taken from a stack and put back once the whole response was read. What a pool does
well stays with it: it notices connections that the other side closed, keeps timeouts, speaks TLS, and raises the errors
of httpx. A request that fails or is cancelled takes its pool with it, so nothing reads the rest of its response.

Over HTTP/2, which needs TLS here, one connection carries many requests. So an origin over TLS has one pool for all of
them, until it answers with HTTP/1.1.
"""

from __future__ import annotations

import time
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Final, cast

import httpx

from awaken.client.owners import async_owner

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

__all__ = ["AsyncConnections"]

#: Seconds that httpx keeps an idle connection.
_IDLE_SECONDS: Final = 5.0
_HTTP2: Final = b"HTTP/2"


class AsyncConnections(httpx.AsyncBaseTransport):
    """Sends each request over a connection of its own, or all over one where HTTP/2 is spoken.

    Connections belong to the process and the event loop that opened them. In another one, such as after a fork, they
    are left alone, and new ones are opened.

    Args:
        verify: how to check certificates; what httpx calls so.
        http2: whether to offer HTTP/2 over TLS.
        keep: most pools that are kept while idle; requests in flight have no limit.
        idle_s: how long a connection may be idle, in seconds; the next request closes those that are idle for longer.
    """

    def __init__(
        self,
        verify: ssl.SSLContext | bool,
        *,
        http2: bool = True,
        keep: int = 100,
        idle_s: float = _IDLE_SECONDS,
    ) -> None:
        self._verify = verify
        self._http2 = http2
        self._keep = keep
        self._idle_s = idle_s
        #: For all that follows, as several threads may use one transport.
        self._lock = Lock()
        self._owner = async_owner()
        #: All pools, in use or not.
        self._pools: set[httpx.AsyncHTTPTransport] = set()
        #: Those not in use, the oldest first, with the time (of `time.monotonic`) when their connections are too old.
        self._idle: deque[tuple[float, httpx.AsyncHTTPTransport]] = deque()
        #: The one for all requests over TLS.
        self._shared: httpx.AsyncHTTPTransport | None = None
        #: Host and port of origins over TLS that answer with HTTP/1.1.
        self._without_http2: set[bytes] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its response, whose body is yet to be read.

        Raises:
            httpx.TransportError: no response arrived.
        """
        origin = request.url.netloc
        if request.url.scheme == "https" and origin not in self._without_http2:
            response = await self._share().handle_async_request(request)
            if response.extensions.get("http_version") != _HTTP2:
                self._without_http2.add(origin)
            return response
        pool = await self._take()
        try:
            response = await pool.handle_async_request(request)
        except BaseException:
            await self.put_back(pool, is_usable=False)
            raise
        if response.extensions.get("http_version") == _HTTP2:
            self._without_http2.discard(origin)
        response.stream = _Body(cast("httpx.AsyncByteStream", response.stream), pool, self)
        return response

    async def aclose(self) -> None:
        """Close all connections; requests in flight fail."""
        with self._lock:
            self._look_around()
            pools = self._pools
            self._forget()
        for pool in pools:
            await pool.aclose()

    async def put_back(self, pool: httpx.AsyncHTTPTransport, *, is_usable: bool) -> None:
        """Keep a pool for later requests, or close it if it is not usable or there are enough."""
        with self._lock:
            self._look_around()
            if is_usable and pool in self._pools and len(self._idle) < self._keep:
                self._idle.append((time.monotonic() + self._idle_s, pool))
                return
            self._pools.discard(pool)
        await pool.aclose()

    async def _take(self) -> httpx.AsyncHTTPTransport:
        """Return the pool that was used last, or a new one; close those that are idle for too long."""
        now = time.monotonic()
        unused = []
        with self._lock:
            self._look_around()
            # At most two connections: to the ingress, and to the admin API.
            pool = self._idle.pop()[1] if self._idle else self._make(keep=2)
            while self._idle and self._idle[0][0] < now:
                unused.append(self._idle.popleft()[1])
        for old in unused:
            await self.put_back(old, is_usable=False)
        return pool

    def _share(self) -> httpx.AsyncHTTPTransport:
        with self._lock:
            self._look_around()
            if self._shared is None:
                self._shared = self._make(keep=self._keep)
            return self._shared

    def _make(self, *, keep: int) -> httpx.AsyncHTTPTransport:
        limits = httpx.Limits(
            max_connections=None, max_keepalive_connections=keep, keepalive_expiry=self._idle_s
        )
        pool = httpx.AsyncHTTPTransport(verify=self._verify, http2=self._http2, limits=limits)
        self._pools.add(pool)
        return pool

    def _look_around(self) -> None:
        """Forget all pools if this is not where they were made."""
        if (owner := async_owner()) != self._owner:
            self._owner = owner
            self._forget()

    def _forget(self) -> None:
        self._pools = set()
        self._idle.clear()
        self._shared = None


class _Body(httpx.AsyncByteStream):
    """The body of a response, which puts the pool back."""

    def __init__(
        self, stream: httpx.AsyncByteStream, pool: httpx.AsyncHTTPTransport, connections: AsyncConnections
    ) -> None:
        self._stream = stream
        self._pool = pool
        self._connections = connections
        self._is_read = False
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part
        self._is_read = True

    async def aclose(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self._stream.aclose()
        except BaseException:
            self._is_read = False
            raise
        finally:
            await self._connections.put_back(self._pool, is_usable=self._is_read)
