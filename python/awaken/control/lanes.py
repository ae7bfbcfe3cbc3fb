"""How many requests of each kind go to a runtime at the same time.

A kind is a lane of its own, with its own connections: whoever waits for results, or asks slow questions, takes nothing
from those who complete awakeables. What a lane has no place for is refused at once.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from awaken.control.errors import OverloadedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

__all__ = ["LIMITS", "Kind", "Lane", "LaneLimits"]


class Kind(Enum):
    """What a request is for; the text completes "... requests"."""

    #: Results of invocations, which may take any time.
    WAIT = "waiting"
    #: Streams of changes, at the gRPC server: all of them share what asks the runtime.
    WATCH = "watching"
    #: Completions of awakeables, and the questions that belong to them.
    COMPLETE = "completion"
    #: Sends, and results that are there.
    CALL = "short"
    #: Lists and questions.
    READ = "read"
    #: Changes by operators.
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """The bounds of one kind."""

    #: Requests in progress. Over HTTP/1.1 each has a connection.
    active: int
    #: Requests in progress, and those that wait for their turn.
    open: int


#: Seconds that a request may wait for its turn: twice as long as a connection may take to open.
PATIENCE_SECONDS: Final = 10.0

#: The short kinds need few connections: a runtime answers in milliseconds, and 64 of them carry thousands of requests a
#: second. The sum of all is below the 1,024 files that a process may open on most systems.
LIMITS: Final = {
    # Streams of HTTP/2, at most 128 on a connection; each costs about 30 KB here. Where the ingress speaks HTTP/1.1
    # only, `http2_transport` has the bound of connections.
    Kind.WAIT: LaneLimits(10_000, 10_000),
    # Each gets every event, and costs about 40 KB.
    Kind.WATCH: LaneLimits(5_000, 5_000),
    Kind.COMPLETE: LaneLimits(64, 10_000),
    Kind.CALL: LaneLimits(64, 10_000),
    # A runtime answers few questions at a time.
    Kind.READ: LaneLimits(16, 1_000),
    Kind.CHANGE: LaneLimits(16, 1_000),
}


class Lane:
    """Counts the requests of one kind.

    Args:
        kind: for texts.
        limits: how many.
        patience_s: seconds that a request may wait for its turn.
    """

    def __init__(self, kind: Kind, limits: LaneLimits, patience_s: float = PATIENCE_SECONDS) -> None:
        self._kind = kind
        self._limits = limits
        self._patience_s = patience_s
        self._turns = asyncio.Semaphore(limits.active)
        self._open = 0

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold a place without a wait, for kinds of which all that are open are in progress. Raises OverloadedError."""
        if self._open >= self._limits.open:
            raise self._refusal()
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place, once there is one.

        Raises:
            OverloadedError: too many requests wait already, or it took too long. Nothing was sent.
        """
        if self._open >= self._limits.open:
            raise self._refusal()
        self._open += 1
        try:
            await self._take_turn()
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._open -= 1

    def _refusal(self) -> OverloadedError:
        return OverloadedError(
            f"{self._open} {self._kind.value} requests to the runtime are open, and more are not taken; try again "
            "when some have ended"
        )

    async def _take_turn(self) -> None:
        try:
            async with asyncio.timeout(self._patience_s):
                await self._turns.acquire()
        except TimeoutError:
            raise OverloadedError(
                f"the runtime was busy with {self._limits.active} earlier {self._kind.value} requests for "
                f"{self._patience_s:g} s; nothing was sent, try again later"
            ) from None
