"""What is due: one query for the next timer, one alarm of the clock."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from awaken.runtime.errors import StoreError
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from awaken.runtime.clock import Alarm, Clock
    from awaken.runtime.store import Store
    from awaken.runtime.tables.timers import Timers

__all__ = ["DueTimer", "Scheduler"]

log = logging.getLogger("awaken.runtime")

#: Timers handled in one transaction; the loop breathes between batches.
_BATCH = 500


class DueTimer(Protocol):
    """Handles one timer, within the transaction that removes it."""

    def __call__(self, kind: str, invocation: int, completion_id: int | None) -> None:
        """Handle it. Kinds are start, sleep and retry."""
        ...


class Scheduler:
    """Rings timers that are rows: delayed starts, sleeps, retries.

    Args:
        store: the transactions that timers are handled in.
        clock: what time it is.
        timers: the table they are in.
        ring: called for each timer that is due, in the order they are due.
    """

    def __init__(self, store: Store, clock: Clock, timers: Timers, ring: DueTimer) -> None:
        self._store = store
        self._timers = timers
        self._clock = clock
        self._ring = ring
        self._armed_ms: int | None = None
        self._alarm: Alarm | None = None
        self._is_stopped = True

    def start(self) -> None:
        """Look for what is due, and wait for what will be."""
        self._is_stopped = False
        self._arm_next()

    def stop(self) -> None:
        """Ring no more. The rows stay."""
        self._is_stopped = True
        self._disarm()

    def add(self, due_ms: int, kind: str, invocation: int, completion_id: int | None = None) -> None:
        """Set a timer. What is further away than time can tell is set to the end of it."""
        due_ms = min(due_ms, LAST_MS)
        self._timers.add(due_ms, kind, invocation, completion_id)
        if self._armed_ms is None or due_ms < self._armed_ms:
            self._arm(due_ms)

    def remove(self, invocation: int, kind: str | None = None) -> None:
        """Remove timers of an invocation. The alarm stays: it finds nothing, and looks for the next."""
        self._timers.remove(invocation, kind)

    def _arm(self, due_ms: int) -> None:
        self._disarm()
        if not self._is_stopped:
            self._armed_ms = due_ms
            self._alarm = self._clock.call_at(due_ms, self._handle_due)

    def _disarm(self) -> None:
        self._armed_ms = None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _arm_next(self) -> None:
        due_ms = self._timers.next_due_ms()
        if due_ms is not None:
            self._arm(due_ms)
        else:
            self._disarm()

    def _handle_due(self) -> None:
        self._disarm()
        if not self._is_stopped:
            try:
                self._ring_due()
            except StoreError:
                return  # the runtime was told before, and starts anew
            self._arm_next()

    def _ring_due(self) -> None:
        for kind, invocation, completion_id in self._timers.take_due(self._clock.now_ms(), _BATCH):
            try:
                with self._store.atomic():
                    self._ring(kind, invocation, completion_id)
            except StoreError:
                raise
            except Exception:
                log.exception("the %s timer of invocation %d failed; it is gone", kind, invocation)
