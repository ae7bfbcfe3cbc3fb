"""Writing few messages at a time, so that many of them keep no new call waiting.

A list that a thousand watch is a million messages. The gRPC library has one queue for what has been written and for
calls that arrive: if each of a thousand streams had a message in it, a new call would be accepted after hundreds of
milliseconds, and the library gives one up that is not accepted within 30 s. So streams take turns.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from grpc.aio import ServicerContext

__all__ = ["Turns"]

#: Messages that are written at the same time.
_TURNS: Final = 8
#: Seconds for which a message keeps its turn. A peer that reads nothing makes it wait for longer, but no one else.
_PATIENCE_SECONDS: Final = 0.05


class Turns:
    """Writes messages of all streams, in the order in which they come.

    Args:
        turns: how many are written at the same time.
        patience_s: how many seconds a message keeps its turn.
    """

    def __init__(self, turns: int = _TURNS, patience_s: float = _PATIENCE_SECONDS) -> None:
        self._turns = asyncio.Semaphore(turns)
        self._patience_s = patience_s

    async def write(self, context: ServicerContext[Any, Any], message: Any) -> None:
        """Write a message to the stream of a call, when it is its turn."""
        await self._turns.acquire()
        turn = _Turn(self._turns)
        timer = asyncio.get_running_loop().call_later(self._patience_s, turn.end)
        try:
            await context.write(message)
        finally:
            timer.cancel()
            turn.end()


class _Turn:
    """A turn that ends once."""

    __slots__ = ("_turns",)

    def __init__(self, turns: asyncio.Semaphore) -> None:
        self._turns: asyncio.Semaphore | None = turns

    def end(self) -> None:
        if self._turns is not None:
            self._turns.release()
            self._turns = None
