"""Many waits of a few different lengths, nearly all of which are over before they are due, with one alarm.

Each attempt waits for activity from its begin to its end, usually for milliseconds of a minute. An alarm of its own
costs more than its entry here.
"""

from __future__ import annotations

import logging
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.runtime.clock import Alarm, Clock

__all__ = ["Deadline", "Deadlines"]

log = logging.getLogger("awaken.runtime")


class Deadline:
    """An `awaken.runtime.clock.Alarm`."""

    __slots__ = ("_waiting", "callback", "due_ms")

    def __init__(self, due_ms: int, callback: Callable[[], None], waiting: dict[Deadline, None]) -> None:
        self.due_ms = due_ms
        self.callback: Callable[[], None] | None = callback
        self._waiting = waiting

    def cancel(self) -> None:
        """Prevent the call."""
        self.callback = None
        self._waiting.pop(self, None)


class Deadlines:
    """Calls back when waits are due.

    Args:
        clock: what time it is. If it is set back, waits that begin then may be late until those before are over.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        #: By their lengths, each in the order of due times.
        self._waiting: dict[int, dict[Deadline, None]] = {}
        self._alarm: Alarm | None = None
        self._armed_ms = 0

    def add(self, now_ms: int, wait_ms: int, callback: Callable[[], None]) -> Deadline:
        """Call back after a time, never from within this method.

        Args:
            now_ms: the time.
            wait_ms: milliseconds from then on. There should be few different values.
            callback: what to call.
        """
        waiting = self._waiting.get(wait_ms)
        if waiting is None:
            waiting = self._waiting[wait_ms] = {}
        due_ms = now_ms + wait_ms
        deadline = Deadline(due_ms, callback, waiting)
        waiting[deadline] = None
        # The alarm of one that was cancelled stays, and finds out what is due next.
        if self._alarm is None or due_ms < self._armed_ms:
            self._arm(due_ms)
        return deadline

    def _arm(self, due_ms: int) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._armed_ms = due_ms
        self._alarm = self._clock.call_at(due_ms, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        due = self._take_due(self._clock.now_ms())
        firsts = [next(iter(waiting)).due_ms for waiting in self._waiting.values()]
        if firsts:
            self._arm(min(firsts))
        for deadline in due:
            callback = deadline.callback
            try:
                if callback is not None:  # otherwise one before it has cancelled it
                    callback()
            except Exception:
                log.exception("a callback at its deadline failed: %r; the others still run", callback)

    def _take_due(self, now_ms: int) -> list[Deadline]:
        due: list[Deadline] = []
        for wait_ms, waiting in list(self._waiting.items()):
            first = list(takewhile(lambda deadline: deadline.due_ms <= now_ms, waiting))
            for deadline in first:
                del waiting[deadline]
            if not waiting:
                del self._waiting[wait_ms]
            due += first
        return sorted(due, key=lambda deadline: deadline.due_ms)
