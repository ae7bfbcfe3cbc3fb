"""Handles timers when they are due: one query finds the next one, one alarm of the clock waits for it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from awaken.runtime.errors import TransactionLostError
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from awaken.runtime.clock import Alarm, Clock
    from awaken.runtime.measures import Measures
    from awaken.runtime.store import Store
    from awaken.runtime.tables.timers import Timers

__all__ = ["DueTimer", "Scheduler"]

log = logging.getLogger("awaken.runtime")

#: Timers handled in one turn of the event loop: about 5 ms, so that ten thousand that are due at once delay nobody.
_BATCH = 50
#: Until timers that could not be read are looked at again.
_LATER_MS = 1_000


class DueTimer(Protocol):
    """Handles one timer, within the transaction that removes it."""

    def __call__(self, kind: str, invocation: int, completion_id: int | None) -> None:
        """Handle a timer of kind `start`, `sleep` or `retry`."""
        ...


class Scheduler:
    """Sets and handles the timers of invocations: delayed starts, sleeps and retries.

    Args:
        store: has the transactions in which timers are handled.
        clock: what time it is.
        timers: the table of timers.
        handle: called for each timer that is due, in the order of due times.
        measures: receives how late each one was.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        timers: Timers,
        handle: DueTimer,
        measures: Measures | None = None,
    ) -> None:
        self._store = store
        self._timers = timers
        self._clock = clock
        self._handle = handle
        self._measures = measures
        self._armed_ms: int | None = None
        self._alarm: Alarm | None = None
        self._is_stopped = True

    def start(self) -> None:
        """Handle what is due, and wait for the next timer."""
        self._is_stopped = False
        self._arm_next()

    def stop(self) -> None:
        """Stop handling timers. The rows stay."""
        self._is_stopped = True
        self._disarm()

    @property
    def late_ms(self) -> int:
        """Milliseconds since the first timer was due that was not handled yet; 0 if none is."""
        return 0 if self._armed_ms is None else max(0, self._clock.now_ms() - self._armed_ms)

    def add(self, due_ms: int, kind: str, invocation: int, completion_id: int | None = None) -> None:
        """Set a timer. A due time after the year 9999 is set to the end of that year."""
        due_ms = min(due_ms, LAST_MS)
        self._timers.add(due_ms, kind, invocation, completion_id)
        if self._armed_ms is None or due_ms < self._armed_ms:
            self._arm(due_ms)

    def remove(self, invocation: int, kind: str | None = None) -> None:
        """Remove timers of an invocation. The alarm stays; if it finds nothing due, it waits for the next timer."""
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
                self._handle_batch()
                self._arm_next()
            except TransactionLostError:
                return  # the store has notified the runtime, which recovers
            except Exception:
                log.exception("the timers that are due cannot be read; they are looked at again")
                self._arm(self._clock.now_ms() + _LATER_MS)

    def _handle_batch(self) -> None:
        now_ms = self._clock.now_ms()
        for kind, invocation, completion_id, due_ms in self._timers.take_due(now_ms, _BATCH):
            if self._measures is not None:
                self._measures.note_timer(kind, max(0, now_ms - due_ms) / 1000)
            try:
                with self._store.atomic():
                    self._handle(kind, invocation, completion_id)
            except TransactionLostError:
                raise
            except Exception:
                log.exception("the %s timer of invocation %d failed; it is gone", kind, invocation)
