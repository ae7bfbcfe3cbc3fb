"""An ASGI host that does only what a test says."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from awaken.transports.hosted.asgi import AsgiServer

if TYPE_CHECKING:
    from awaken.exchange import Exchange


class Host:
    """An ASGI host with one request, written from the specification."""

    def __init__(self, accept: Any, *, grace: float = 5, **scope: Any) -> None:
        self.server = AsgiServer(self._accept, timedelta(seconds=grace))
        self.scope = {
            "type": "http",
            "http_version": "2",
            "method": "POST",
            "path": "/x",
            "headers": [(b"content-type", b"a"), (b"x-twice", b"1"), (b"x-twice", b"2")],
            **scope,
        }
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.changed = asyncio.Event()
        self.may_send = asyncio.Event()
        self.may_send.set()
        self.receiver: Any = None
        self._make = accept
        self.task: asyncio.Task[None] | None = None

    def _accept(self, exchange: Exchange) -> Any:
        self.receiver = self._make(exchange)
        return self.receiver

    def start(self) -> asyncio.Task[None]:
        self.task = asyncio.create_task(self.server.serve(self.scope, self.events.get, self._send))
        return self.task

    async def _send(self, message: dict[str, Any]) -> None:
        await self.may_send.wait()
        self.sent.append(message)
        self.changed.set()

    def send(self, body: bytes, *, more: bool = True) -> None:
        self.events.put_nowait({"type": "http.request", "body": body, "more_body": more})

    async def until(self, count: int) -> None:
        async with asyncio.timeout(25):
            while len(self.sent) < count:
                self.changed.clear()
                await self.changed.wait()

    async def finish(self) -> None:
        assert self.task is not None
        async with asyncio.timeout(25):
            await self.task

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)
