"""Endpoints under any ASGI server: a scope, `receive` and `send` become an exchange.

The host owns the network, the process and its signals; nothing here touches them. Two tasks serve one request: the one
that the host started writes as fast as the host takes it, and one of ours reads as fast as the receiver consumes. The
exchange is over with the last frame of the response, even if the peer does not end its request.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from awaken.errors import LocalProtocolError
from awaken.transports.guard import accept_exchange, logger
from awaken.transports.hosted.asgi_exchange import AsgiExchange

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping
    from datetime import timedelta

    from awaken.exchange import Accept

    Scope = Mapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

__all__ = ["AsgiServer"]

#: Close code for a peer that asks for a WebSocket: RFC 6455 7.4.1, policy violation.
_NO_WEBSOCKETS: Final = 1008
_OTHER_LOOP: Final = (
    "awaken needs an event loop of asyncio, and this host runs another one; choose asyncio or uvloop, as in "
    "`hypercorn --worker-class asyncio`"
)


class AsgiServer:
    """Serves exchanges to ASGI hosts. One server may serve several event loops.

    Args:
        accept: called with each request.
        grace: how long live exchanges may take to end when the host announces its shutdown.
    """

    def __init__(self, accept: Accept, grace: timedelta) -> None:
        self._accept = accept
        self._grace = grace.total_seconds()
        self._live: set[AsgiExchange] = set()

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope.

        Raises:
            LocalProtocolError: the exchange was given up; on this, the host breaks the response off.
            NotImplementedError: the scope has a type that this version of ASGI does not have.
        """
        match scope["type"]:
            case "http":
                await self._exchange(scope, receive, send)
            case "lifespan":
                await self._live_on(receive, send)
            case "websocket":
                await receive()
                await send({"type": "websocket.close", "code": _NO_WEBSOCKETS})
            case other:
                raise NotImplementedError(f"an endpoint serves http and lifespan, not {other}")

    async def drain(self) -> None:
        """Ask the live exchanges of this loop to end or suspend, and wait for them for `grace` at most."""
        loop = asyncio.get_running_loop()
        live = [exchange for exchange in self._live if exchange.loop is loop]
        for exchange in live:
            exchange.drain()
        try:
            async with asyncio.timeout(self._grace):
                for exchange in live:
                    await exchange.wait_over()
        except TimeoutError:
            late = sum(not exchange.is_over for exchange in live)
            logger.warning("%d exchanges did not end within %g s; the host gives them up", late, self._grace)

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = AsgiExchange(scope)
        accept_exchange(self._accept, exchange)
        self._live.add(exchange)
        listener = exchange.loop.create_task(exchange.listen(receive))
        try:
            await exchange.respond(send)
        finally:
            self._live.discard(exchange)
            exchange.lose()  # a host that gives up cancels this task
            listener.cancel()
        if exchange.is_reset:
            raise LocalProtocolError(f"{exchange!r} was given up before its response was complete")

    async def _live_on(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                if not _runs_on_asyncio():
                    await send({"type": "lifespan.startup.failed", "message": _OTHER_LOOP})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif event["type"] == "lifespan.shutdown":
                await self.drain()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _runs_on_asyncio() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
