"""Looking again and again at one question for all who watch its answer.

Runtimes are asked, because a server has no feed of changes. One task looks, however many watch, at the shortest
interval that one of them wants; it ends with the last of them. A watcher that is slow keeps no queue: when it comes
back, it compares what it has sent with what is there.
"""

from __future__ import annotations

import asyncio
import itertools
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

__all__ = ["Poll", "Version"]

#: After a look that took long, the task rests at least this many times as long, so that large answers leave the runtime
#: room for others.
_REST: Final = 2


class Version:
    """A number that grows with each change, and what waits for it to grow."""

    def __init__(self) -> None:
        self.number = 0
        self._error: Exception | None = None
        self._waiting: set[asyncio.Future[None]] = set()

    def grow(self) -> None:
        """Note a change, and wake those who wait for it."""
        self.number += 1
        self._error = None
        self._wake()

    def fail(self, error: Exception) -> None:
        """End the waits with an error, also those that begin before the next change."""
        self._error = error
        self._wake()

    async def after(self, seen: int) -> int:
        """Wait until the number is larger than `seen`, and return it. Raises the error of `fail`."""
        while self.number <= seen:
            if self._error is not None:
                raise self._error.with_traceback(None)  # it is raised once for each who waits
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            try:
                await future
            finally:
                self._waiting.discard(future)
        return self.number

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)


class Poll:
    """A task that looks while somebody watches.

    Args:
        look: looks once. What it raises goes to `fail`, and it is called again for those who still watch.
        fail: called with an error of `look`.
    """

    def __init__(self, look: Callable[[], Awaitable[None]], fail: Callable[[Exception], None]) -> None:
        self._look = look
        self._fail = fail
        self._intervals: dict[int, float] = {}
        self._numbers = itertools.count()
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    @property
    def is_watched(self) -> bool:
        """Whether anyone watches."""
        return bool(self._intervals)

    @contextmanager
    def watched(self, interval: float, *, is_new: bool = False) -> Iterator[None]:
        """Watch.

        Args:
            interval: seconds between two looks, at most, unless they take long.
            is_new: whether something is watched that the last look did not see.
        """
        if is_new or interval < min(self._intervals.values(), default=0.0):
            self._hurry.set()
        number = next(self._numbers)
        self._intervals[number] = interval
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            del self._intervals[number]
            if not self._intervals:
                self._task.cancel()
                self._task = None

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._hurry.clear()
            began = loop.time()
            try:
                await self._look()
            except Exception as error:
                self._fail(error)
            took = loop.time() - began
            await asyncio.sleep(_REST * took)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(self._intervals.values(), default=0.0) - _REST * took):
                    await self._hurry.wait()
