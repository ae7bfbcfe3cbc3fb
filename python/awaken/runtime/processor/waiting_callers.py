"""Open requests that wait for an invocation to end."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awaken.control.operations import Completion
    from awaken.runtime.supervisor import Supervisor

__all__ = ["WaitingCallers"]


class WaitingCallers:
    """A future for each open request. It is removed when the request is cancelled.

    Args:
        supervisor: knows which invocations cannot continue.
    """

    def __init__(self, supervisor: Supervisor | None = None) -> None:
        self._futures: dict[int, set[asyncio.Future[Completion]]] = {}
        self._supervisor = supervisor

    def __len__(self) -> int:
        return len(self._futures)

    @property
    def request_count(self) -> int:
        """How many requests wait."""
        return sum(map(len, self._futures.values()))

    def is_awaited(self, invocation: int) -> bool:
        """Whether a request waits for an invocation."""
        return invocation in self._futures

    def add(self, invocation: int) -> asyncio.Future[Completion]:
        """Return a future for the end of an invocation: done when it is on disk. Cancel it to stop waiting.

        Raises:
            Exception: the supervisor's, if the invocation cannot continue.
        """
        if self._supervisor is not None and (error := self._supervisor.error_for(invocation)) is not None:
            raise error
        future: asyncio.Future[Completion] = asyncio.get_running_loop().create_future()
        self._futures.setdefault(invocation, set()).add(future)
        future.add_done_callback(partial(self._forget, invocation))
        return future

    def _forget(self, invocation: int, future: asyncio.Future[Completion]) -> None:
        futures = self._futures.get(invocation)
        if futures is not None:
            futures.discard(future)
            if not futures:
                del self._futures[invocation]

    def complete(self, invocation: int, completion: Completion) -> None:
        """Give the requests that wait for an invocation its result."""
        for future in self._futures.pop(invocation, ()):
            if not future.done():
                future.set_result(completion)

    def fail_hopeless(self) -> None:
        """Fail the requests whose invocations cannot continue, according to the supervisor."""
        for invocation, futures in list(self._futures.items()):
            error = None if self._supervisor is None else self._supervisor.error_for(invocation)
            for future in futures:
                if error is not None and not future.done():
                    future.set_exception(error)

    def fail(self, error: Exception) -> None:
        """Fail every request with this error."""
        waiting, self._futures = self._futures, {}
        for futures in waiting.values():
            for future in futures:
                if not future.done():
                    future.set_exception(error)
