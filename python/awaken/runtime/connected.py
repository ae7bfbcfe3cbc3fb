"""Waits for a result while the client is connected.

The invocation continues when its caller disconnects, but the request should not wait any longer. Watching the
connection costs a task, so it begins only when a result does not come soon.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar, cast

from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.types import Receive

__all__ = ["PATIENCE_SECONDS", "while_connected"]

T = TypeVar("T")

#: How long to wait for a result before watching whether the client is still connected.
PATIENCE_SECONDS: Final = 1.0


async def while_connected(receive: Receive, work: Awaitable[T], patience_s: float = PATIENCE_SECONDS) -> T:
    """Await something until the client disconnects. The body of the request must have been read.

    Args:
        receive: of the ASGI request.
        work: what to await.
        patience_s: seconds before the connection is watched.

    Raises:
        ClientDisconnect: the client has disconnected.
    """
    task = cast("asyncio.Task[object]", asyncio.current_task())
    watch: asyncio.Task[None] | None = None
    has_left = False

    async def leave_with_the_client() -> None:
        nonlocal has_left
        while (await receive())["type"] != "http.disconnect":
            pass
        has_left = True
        task.cancel()

    def begin() -> None:
        nonlocal watch
        watch = asyncio.get_running_loop().create_task(leave_with_the_client())

    timer = asyncio.get_running_loop().call_later(patience_s, begin)
    try:
        return await work
    except asyncio.CancelledError:
        if has_left and task.uncancel() == 0:
            raise ClientDisconnect from None
        raise
    finally:
        timer.cancel()
        if watch is not None:
            watch.cancel()
