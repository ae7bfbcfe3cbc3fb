"""Both clients behind one asynchronous interface, so that every test runs on both.

The blocking client is generated from the other one; what runs here proves that the result works, pauses and codec
included.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
from awaken.client import ConnectionRetries, create_client, create_sync_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

TWINS = ("async", "sync")
#: As many attempts as by default, without the pauses.
AT_ONCE = ConnectionRetries(first_delay=ConnectionRetries().first_delay * 0)


class Blocking:
    """A blocking client whose methods are awaited."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        method: Callable[..., Any] = getattr(self._client, name)
        if not callable(method):
            return method
        if name in ("awakeable", "scope"):
            return lambda *args, **kwargs: Blocking(method(*args, **kwargs))

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await asyncio.to_thread(method, *args, **kwargs)

        return call


@asynccontextmanager
async def open_twin(twin: str, *args: Any, **options: Any) -> AsyncIterator[Any]:
    """Open the `async` or the `sync` client."""
    options.setdefault("retries", AT_ONCE)
    if twin == "async":
        async with create_client(*args, **options) as client:
            yield client
    else:
        with create_sync_client(*args, **options) as blocking:
            yield Blocking(blocking)


#: Of no invocation; `httpx.MockTransport` answers for it.
INVOCATION = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"
AWAKEABLE = "sign_1KWm2hOZDmMRFiu4_49ryuAlEQgn4gXRgAAAAEQ"


class Recorder:
    """Answers requests from a script and keeps them; an exception in the script is raised."""

    def __init__(self, *script: httpx.Response | Exception) -> None:
        self.requests: list[httpx.Request] = []
        self._script = list(script)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(answer, Exception):
            raise answer
        # A response can be read once, and a test may give the same one to both twins.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def request(self) -> httpx.Request:
        """The only request there was."""
        (request,) = self.requests
        return request
