"""Waiting for a result for as long as somebody waits for it with us.

The invocation runs on when its caller leaves, but nothing should go on waiting in the caller's name. Listening for that
costs a task, so it begins only when a result does not come at once.
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

#: How long a result may take before anybody asks whether the client is still there.
PATIENCE_SECONDS: Final = 1.0


async def while_connected(receive: Receive, work: Awaitable[T], patience_s: float = PATIENCE_SECONDS) -> T:
    """Await something; give up when the client leaves. The request's body must have been read.

    Args:
        receive: tells what the client does.
        work: what is awaited.
        patience_s: seconds before anybody listens for that.

    Raises:
        ClientDisconnect: nobody waits for the answer any more.
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
