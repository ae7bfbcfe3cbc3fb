"""What waits until one group of transactions is on disk."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["CommitGroup"]

log = logging.getLogger("awaken.runtime")


class CommitGroup:
    """Futures and callbacks of one group. Each group completes, fails, or is dropped, and is then not used again."""

    __slots__ = ("callbacks", "waiters")

    def __init__(self) -> None:
        self.callbacks: list[Callable[[], None]] = []
        self.waiters: list[asyncio.Future[None]] = []

    def __bool__(self) -> bool:
        return bool(self.callbacks or self.waiters)

    def complete(self) -> None:
        """Notify everything that waits, futures first. Callbacks may write again."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)
        for callback in self.callbacks:
            try:
                callback()
            except Exception:
                log.exception("a callback after a commit failed: %r; the others still run", callback)

    def fail(self, error: Exception) -> None:
        """Give the error to the futures. The callbacks are not called."""
        self.callbacks.clear()
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_exception(error)
