"""Requests over HTTP/2 where a runtime speaks it, many on one connection: a thousand callers wait on a dozen sockets.

Runtimes speak HTTP/2 by prior knowledge on the port of HTTP/1.1; proxies in front of them often do not. Which one it is
shows a request that changes nothing, before the first other one. A request that is given up resets its stream, so that
the runtime forgets its caller at once.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Final

import httpx

from awaken.client.credentials import make_tls_context
from awaken.control.errors import OverloadedError
from awaken.transports.dialer.http2_dialer import Http2Dialer
from awaken.transports.open_files import open_file_limit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from awaken.transports.dialer.http2_outgoing import Http2Outgoing

__all__ = ["Http2Transport", "most_sockets"]

#: What is asked to learn the protocol: any answer will do.
_PROBE: Final = "/restate/health"
#: Seconds for the answer.
_PROBE_SECONDS: Final = 5.0
#: Connections over HTTP/1.1, one for each request, at most; each takes about 60 KB.
_MOST_SOCKETS: Final = 2_000
#: A connection that is closed before its answer is reset. Otherwise it would look like that of a caller that has ended
#: its request and still waits, and the runtime would keep it.
_RESET_WHEN_CLOSED: Final = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
#: Facts of an HTTP/1.1 connection, which HTTP/2 does not carry.
_OF_CONNECTION: Final = frozenset(("host", "connection", "transfer-encoding", "keep-alive"))


def most_sockets() -> int:
    """Return how many connections over HTTP/1.1 may wait: at most half of the files that the process may open."""
    limit = open_file_limit()
    return _MOST_SOCKETS if limit is None else max(1, min(_MOST_SOCKETS, limit // 2))


class Http2Transport(httpx.AsyncBaseTransport):
    """Sends requests to one origin, over HTTP/2 if it can. Use it on one event loop.

    Args:
        url: of the runtime's interface.
        verify: what httpx calls so, for HTTP/1.1 over TLS.
        probe_timeout_s: how long each of the two protocols may take to answer, in seconds.
        sockets: most connections over HTTP/1.1; `most_sockets` without.
    """

    def __init__(
        self,
        url: str,
        *,
        verify: ssl.SSLContext | bool = False,
        probe_timeout_s: float = _PROBE_SECONDS,
        sockets: int | None = None,
    ) -> None:
        self._probe_url = httpx.URL(url.rstrip("/") + _PROBE)
        self._dialer: Http2Dialer | None = None
        #: None until it is known.
        self._speaks_http2: bool | None = None
        #: The request that finds it out, for all who need to know.
        self._learning: asyncio.Task[bool] | None = None
        self._probe_timeout_s = probe_timeout_s
        self._most_sockets = most_sockets() if sockets is None else sockets
        self._sockets_in_use = 0
        self._http1 = httpx.AsyncHTTPTransport(
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            trust_env=False,
            verify=verify,
            socket_options=[_RESET_WHEN_CLOSED],
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its response, complete.

        Raises:
            OverloadedError: too many requests are open over HTTP/1.1.
            httpx.ConnectError: there is no connection; nothing was sent.
            httpx.ReadError: the request may have been received, and the connection was lost.
        """
        if await self._uses_http2():
            return await self._send(request)
        if self._sockets_in_use >= self._most_sockets:
            raise OverloadedError(
                f"{self._sockets_in_use} requests wait at {self._probe_url.host}, which speaks HTTP/1.1 only: each has "
                "a connection, and more are not opened; let it speak HTTP/2, or allow more open files"
            )
        self._sockets_in_use += 1
        try:
            response = await self._http1.handle_async_request(request)
            await response.aread()
        except httpx.ConnectError:
            self._speaks_http2 = None
            raise
        finally:
            self._sockets_in_use -= 1
        return response

    async def aclose(self) -> None:
        """Close the connections; open requests fail."""
        if self._learning is not None:
            self._learning.cancel()
        if self._dialer is not None:
            await self._dialer.close()
        await self._http1.aclose()

    async def _uses_http2(self) -> bool:
        if self._speaks_http2 is not None:
            return self._speaks_http2
        if self._learning is None or self._learning.done():
            self._learning = asyncio.create_task(self._learn())
            # If all who asked have left, no one else takes its error.
            self._learning.add_done_callback(lambda task: task.cancelled() or task.exception())
        # All who ask share the answer, and a failure, too: a thousand callers do not try one after the other.
        speaks_http2 = await asyncio.shield(self._learning)
        self._speaks_http2 = speaks_http2
        return speaks_http2

    async def _learn(self) -> bool:
        probe = httpx.Request("GET", self._probe_url)
        try:
            async with asyncio.timeout(self._probe_timeout_s):
                await self._send(probe)
        except (httpx.TransportError, TimeoutError):
            parts = ("connect", "read", "write", "pool")
            probe.extensions["timeout"] = dict.fromkeys(parts, self._probe_timeout_s)
            try:
                response = await self._http1.handle_async_request(probe)
                await response.aclose()
            except httpx.ConnectError:
                raise
            except httpx.TransportError as error:
                raise httpx.ConnectError(
                    f"it accepts connections and does not answer GET {_PROBE} within {self._probe_timeout_s:g} s"
                    if isinstance(error, httpx.TimeoutException)
                    else f"it does not answer GET {_PROBE}: {error}"
                ) from error
            return False
        return True

    async def _send(self, request: httpx.Request) -> httpx.Response:
        if self._dialer is None:
            url = request.url
            tls = make_tls_context() if url.scheme == "https" else None
            if tls is not None:  # of its own, because httpx announces HTTP/1.1 in the one that it is given
                tls.set_alpn_protocols(["h2"])
            self._dialer = Http2Dialer(f"{url.scheme}://{url.netloc.decode()}", tls=tls)
        changed = asyncio.Event()
        headers = {name: value for name, value in _headers(request).items() if name not in _OF_CONNECTION}
        outgoing = self._dialer.open(request.method, request.url.raw_path.decode(), headers, changed.set)
        try:
            body = await request.aread()
            outgoing.send(body)
            outgoing.end()
            return await self._receive(outgoing, changed)
        finally:
            if not outgoing.is_ended:
                outgoing.disconnect()

    async def _receive(self, outgoing: Http2Outgoing, changed: asyncio.Event) -> httpx.Response:
        body: list[bytes] = []
        while True:
            # Read before checking for the end, because everything that came before the end is available then.
            is_ended = outgoing.is_ended
            body.append(outgoing.take())
            if outgoing.is_reset:
                reason = outgoing.failure or "the stream was reset"
                if outgoing.stream_id is not None:
                    raise httpx.ReadError(reason)
                self._speaks_http2 = None  # whatever is there next may speak something else
                raise httpx.ConnectError(reason)
            if is_ended and outgoing.status is not None:
                return httpx.Response(outgoing.status, headers=list(outgoing.headers), content=b"".join(body))
            if not is_ended:
                await changed.wait()
            changed.clear()


def _headers(request: httpx.Request) -> Mapping[str, str]:
    return {name.decode().lower(): value.decode("latin-1") for name, value in request.headers.raw}
