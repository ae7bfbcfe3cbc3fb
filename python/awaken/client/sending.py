"""The two senders: what an operation needs done, over httpx."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

from awaken.client.operation import Reply, check

if TYPE_CHECKING:
    import httpx

    from awaken.client.operation import Operation, Request, ValueCodec
    from awaken.client.retries import ConnectionRetries

__all__ = ["AsyncSender", "SyncSender"]

T = TypeVar("T")


class AsyncSender:
    """Sends on the event loop."""

    def __init__(
        self, client: httpx.AsyncClient, codec: ValueCodec | None, retries: ConnectionRetries
    ) -> None:
        self._client = client
        self._codec = codec
        self._retries = retries

    async def send(self, operation: Operation[T]) -> T:
        """Send an operation's request and return its result.

        Raises:
            HttpError: the answer says no.
            httpx.TransportError: there was no answer.
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
                    raise
                await asyncio.sleep(delay)
            else:
                return _reply(response)


class SyncSender:
    """Sends and blocks the calling thread."""

    def __init__(self, client: httpx.Client, codec: ValueCodec | None, retries: ConnectionRetries) -> None:
        self._client = client
        self._codec = codec
        self._retries = retries

    def send(self, operation: Operation[T]) -> T:
        """Send an operation's request and return its result.

        Raises:
            HttpError: the answer says no.
            httpx.TransportError: there was no answer.
        """
        reply = self._exchange(operation.request)
        check(reply)
        if self._codec is None or not operation.is_value:
            return operation.finish(reply)
        return operation.finish(reply, _run(self._codec, reply.body))

    def _exchange(self, request: Request) -> Reply:
        import httpx

        attempt = 0
        while True:
            attempt += 1
            try:
                response = self._client.request(
                    request.method, request.url, headers=dict(request.headers), content=request.body
                )
            except httpx.TransportError as error:
                delay = self._retries.delay_after(attempt, request, error)
                if delay is None:
                    raise
                time.sleep(delay)
            else:
                return _reply(response)


def _run(codec: ValueCodec, body: bytes) -> bytes:
    """Decode on a loop of its own: a codec may await, and this thread has no loop running."""

    async def decode() -> bytes:
        return await codec.decode(body)

    return asyncio.run(decode())


def _reply(response: httpx.Response) -> Reply:
    return Reply(response.status_code, dict(response.headers), response.content)
