"""Sends requests with httpx, on the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from awaken.client.operation import Reply, check
from awaken.client.retries import explain

if TYPE_CHECKING:
    import httpx

    from awaken.client.codec import ValueCodec
    from awaken.client.operation import Operation, Request
    from awaken.client.retries import ConnectionRetries

__all__ = ["AsyncSender"]

T = TypeVar("T")


class AsyncSender:
    """Sends the requests of one client, and repeats them after connection errors if that is safe."""

    __slots__ = ("_client", "_codec", "_retries")

    def __init__(
        self, client: httpx.AsyncClient, codec: ValueCodec | None, retries: ConnectionRetries
    ) -> None:
        self._client = client
        self._codec = codec
        self._retries = retries

    async def send(self, operation: Operation[T]) -> T:
        """Send an operation's request and return its result.

        Raises:
            HttpError: the response is an error.
            httpx.TransportError: no response arrived.
        """
        reply = await self._exchange(operation.request)
        check(reply)
        if self._codec is None or not operation.is_value:
            return operation.finish(reply)
        return operation.finish(reply, await self._codec.decode(reply.body))

    async def _exchange(self, request: Request) -> Reply:
        import httpx

        attempt = 0
        while True:
            attempt += 1
            try:
                response = await self._client.request(
                    request.method, request.url, headers=dict(request.headers), content=request.body
                )
            except httpx.TransportError as error:
                delay = self._retries.delay_after(attempt, request, error)
                if delay is None:
                    explain(error, request, attempt)
                    raise
                await asyncio.sleep(delay)
            else:
                return Reply(response.status_code, dict(response.headers), response.content)
