"""How a test's client reaches the runtime in its own process: through the ASGI applications, without a port.

A request that is under way when the runtime crashes is sent again to the one that follows, as a client with retries
does. So that this makes no second invocation, calls and sends that bring no idempotency key get one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ADMIN", "INGRESS", "InProcessTransport"]

#: Addresses that lead to the runtime under test, and nowhere else.
INGRESS: Final = "http://ingress.awaken.test"
ADMIN: Final = "http://admin.awaken.test"

_KEY: Final = "idempotency-key"


class InProcessTransport(httpx.AsyncBaseTransport):
    """A transport of httpx into the runtime under test.

    Args:
        find_app: gives the ASGI application of a host, of the runtime that runs now.
        takes_key: whether a request to this path, without query, may carry an idempotency key.
    """

    def __init__(self, find_app: Callable[[str], Any], takes_key: Callable[[str], bool]) -> None:
        self._find_app = find_app
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
            task.cancel()  # as the connection to a process that died

    def note_restart(self, error: BaseException | None = None) -> None:
        """Send what was held back, and again what was under way; or let it fail, when there is no revival."""
        self._error = error
        self._restarted.set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, as often as the runtime crashes under it."""
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
        """Return the answer, or None when the runtime crashed under it."""
        transport = httpx.ASGITransport(self._find_app(request.url.host))
        task = asyncio.get_running_loop().create_task(transport.handle_async_request(request))
        self._answering.add(task)
        try:
            await asyncio.wait({task})
        finally:
            self._answering.discard(task)
            if not task.done():  # it is us who are cancelled
                task.cancel()
                await asyncio.wait({task})
        return None if task.cancelled() else task.result()

    def _add_key(self, request: httpx.Request) -> None:
        if request.url.host == httpx.URL(INGRESS).host and _KEY not in request.headers:
            path = request.url.raw_path.partition(b"?")[0].decode()
            if request.method == "POST" and self._takes_key(path):
                self._count += 1
                request.headers[_KEY] = f"awaken-testing-{self._count}"
