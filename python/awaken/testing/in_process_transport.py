"""How a test's client reaches the runtime in its own process, without a port.

A request that is open when the runtime crashes is sent again to the runtime that replaces it, as a client with retries
would do. To avoid a second invocation, calls and sends without an idempotency key get one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ADMIN", "INGRESS", "InProcessTransport"]

#: Addresses that only this transport resolves, to the runtime under test.
INGRESS: Final = "http://ingress.awaken.test"
ADMIN: Final = "http://admin.awaken.test"

_KEY: Final = "idempotency-key"


class InProcessTransport(httpx.AsyncBaseTransport):
    """An httpx transport to the runtime under test.

    Args:
        find: returns the transport to the current runtime for a host.
        takes_key: returns whether a request to a path (without query) may carry an idempotency key.
    """

    def __init__(
        self, find: Callable[[str], httpx.AsyncBaseTransport], takes_key: Callable[[str], bool]
    ) -> None:
        self._find = find
        self._takes_key = takes_key
        self._answering: set[asyncio.Task[httpx.Response]] = set()
        self._restarted = asyncio.Event()
        self._restarted.set()
        self._error: BaseException | None = None
        self._count = 0

    def note_crash(self) -> None:
        """Hold requests back until `note_restart`."""
        self._restarted.clear()
        for task in self._answering:
            task.cancel()  # like the connection to a process that died

    def note_restart(self, error: BaseException | None = None) -> None:
        """Send the requests that were held back or open; with an error, which prevented the restart, fail them."""
        self._error = error
        self._restarted.set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, and again after each crash of the runtime until it has a response."""
        await request.aread()
        self._add_key(request)
        while True:
            await self._restarted.wait()
            if self._error is not None:
                raise httpx.ConnectError(f"the runtime did not start again: {self._error}") from self._error
            response = await self._try(request)
            if response is not None:
                return response

    async def _try(self, request: httpx.Request) -> httpx.Response | None:
        """Return the response, or None if the runtime crashed before it was complete."""
        transport = self._find(request.url.host)
        task = asyncio.ensure_future(transport.handle_async_request(request))
        self._answering.add(task)
        try:
            await asyncio.wait({task})
        finally:
            self._answering.discard(task)
            if not task.done():  # this task was cancelled
                task.cancel()
                await asyncio.wait({task})
        return None if task.cancelled() else task.result()

    def _add_key(self, request: httpx.Request) -> None:
        if request.url.host == httpx.URL(INGRESS).host and _KEY not in request.headers:
            path = request.url.raw_path.partition(b"?")[0].decode()
            if request.method == "POST" and self._takes_key(path):
                self._count += 1
                request.headers[_KEY] = f"awaken-testing-{self._count}"
