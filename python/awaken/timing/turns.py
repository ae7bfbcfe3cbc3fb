"""Turns: work that may be long is done in slices, so that nobody waits long for anybody else.

What a peer may send at once is bounded by windows and buffers, and is still the work of seconds if it is made of the
smallest possible pieces. So whatever a peer can make long is cut into slices of a few milliseconds. Slices wait in one
queue, and together get a few milliseconds of each turn of the event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Turns"]


class Turns:
    """Shares an event loop among work that comes in slices; for use on the thread of that loop.

    Each call of `work` does one slice, and returns what it cost, in units of the owner's choice. If there is more to
    do, it adds itself again, behind the others. It must not raise.

    Args:
        budget: what the slices of one turn of the event loop may cost together; the last one may exceed it.
    """

    __slots__ = ("_budget", "_is_scheduled", "_left", "_queue")

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._left = budget
        self._queue: deque[Callable[[], int]] = deque()
        self._is_scheduled = False

    def add(self, work: Callable[[], int]) -> None:
        """Do a slice in one of the next turns."""
        self._queue.append(work)
        self._schedule()

    def do(self, work: Callable[[], int]) -> None:
        """Do a slice now if nothing waits and this turn has something left, else in one of the next turns."""
        if self._queue or self._left <= 0:
            self.add(work)
        else:
            self._schedule()
            self._left -= max(work(), 1)

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._begin_turn)

    def _begin_turn(self) -> None:
        self._is_scheduled = False
        self._left = self._budget
        queue = self._queue
        try:
            for _ in range(len(queue)):  # what is added meanwhile waits for the next turn
                if self._left <= 0:
                    break
                self._left -= max(queue.popleft()(), 1)
        finally:
            if queue or self._left < self._budget:
                self._schedule()  # the next turn has a budget of its own
