"""How servers of a command end: all together, in the time that supervisors leave."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

__all__ = ["closing_together"]

#: How long open requests on any interface may take after a signal; then they are cut off. Docker kills after 10 s.
_REQUESTS_GRACE_S: Final = 4.0


@asynccontextmanager
async def closing_together() -> AsyncIterator[list[Callable[[float], Awaitable[None]]]]:
    """Yield a list for the methods that close servers, and call all of them at the end, at the same time.

    Each gets the seconds that requests may take.
    """
    closers: list[Callable[[float], Awaitable[None]]] = []
    try:
        yield closers
    finally:
        await asyncio.gather(*(close(_REQUESTS_GRACE_S) for close in closers))
