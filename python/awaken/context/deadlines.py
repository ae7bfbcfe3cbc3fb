"""Deadlines that survive suspension: like `asyncio.timeout`, but measured by a durable sleep."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from awaken.context.futures import RestateDurableSleepFuture
from awaken.errors import DeadlineError, UsageError
from awaken.timing import time_limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from types import TracebackType

    from awaken.context.durable_future import DurableFuture, FutureDriver

__all__ = ["DeadlineFuture", "Timeout", "deadline"]


class Timeout:
    """Bounds the time spent in the block of an `async with` statement. It can be entered once.

    Like every durable result, the end of the sleep reaches the handler in the order of the journal, when the handler is
    at rest. So a deadline takes effect at an await, and results that were recorded earlier come first.
    """

    __slots__ = ("_cancelling", "_complaint", "_is_expired", "_start", "_task", "_timer")

    def __init__(self, start: Callable[[], DurableFuture[None]], complaint: str) -> None:
        """Initialize. The sleep starts when the block is entered.

        Args:
            start: starts the sleep.
            complaint: text of the error.
        """
        self._start = start
        self._complaint = complaint
        self._is_expired = False
        self._cancelling = 0
        self._task: asyncio.Task[object] | None = None
        self._timer: DurableFuture[None] | None = None

    def expired(self) -> bool:
        """Return whether the time is over."""
        return self._is_expired

    if not TYPE_CHECKING:  # type checkers know that it needs `async with`

        def __enter__(self):
            raise UsageError("a timeout bounds a block of awaits; write `async with ctx.timeout(...):`")

        def __exit__(self, *_):
            """Do nothing: `with` looks this method up before it calls `__enter__`."""

    async def __aenter__(self) -> Self:
        if self._timer is not None:
            raise UsageError("a timeout bounds one block; make another one with ctx.timeout(...)")
        self._task = asyncio.current_task()
        self._cancelling = self._task.cancelling() if self._task is not None else 0
        self._timer = self._start()
        self._timer.add_done_callback(self._expire)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        timer, task = self._timer, self._task
        if timer is None or task is None:
            return
        timer.remove_done_callback(self._expire)
        if not self._is_expired or task.uncancel() > self._cancelling or kind is None:
            return
        if not issubclass(kind, asyncio.CancelledError):
            return
        interruption = timer.exception()
        raise DeadlineError(self._complaint) if interruption is None else interruption from error

    def _expire(self, timer: asyncio.Future[None]) -> None:
        if not timer.cancelled() and self._task is not None:
            self._is_expired = True
            self._task.cancel()


class DeadlineFuture(RestateDurableSleepFuture):
    """A durable timer that limits how long the handler waits for other results."""

    __slots__ = ()

    is_deadline = True


def deadline(driver: FutureDriver, limit: timedelta | float, subject: str, what: str) -> Timeout:
    """Return a context manager that bounds the time spent in its block, durably.

    Args:
        driver: the attempt.
        limit: the time allowed, as a `timedelta` or in seconds.
        subject: begins the error text when the time is over.
        what: names the limit in the error text for an invalid one.
    """
    seconds = time_limits.milliseconds(limit, what) / 1000

    def start() -> DeadlineFuture:
        return DeadlineFuture.start(driver, time_limits.moment_after(limit, what))

    return Timeout(start, f"{subject} within {seconds:g} s")
