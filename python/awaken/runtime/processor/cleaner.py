"""Deletes expired results and journals at regular intervals, and gives the freed space back to the disk."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from awaken.runtime.errors import TransactionLostError

if TYPE_CHECKING:
    from awaken.runtime.clock import Alarm, Clock
    from awaken.runtime.processor.endings import Endings
    from awaken.runtime.store import Store
    from awaken.runtime.tables.tables import Tables

__all__ = ["Cleaner"]

log = logging.getLogger("awaken.runtime")

#: Rows in one transaction, and so in one turn of the event loop: about 10 ms.
_BATCH: Final = 100
#: Bytes of large payloads after which a transaction ends before that: about 40 ms.
_BATCH_SIZE: Final = 32 * 1024 * 1024
#: Between two steps of one round, for everything else that wants the loop and the disk.
_PAUSE_MS: Final = 10


class Cleaner:
    """Deletes what has expired in rounds, so that retention is a lower bound.

    Args:
        store: what gets smaller.
        tables: what to clean.
        clock: what time it is.
        endings: deletes an invocation with everything that belongs to it.
        interval_ms: between two rounds.
    """

    def __init__(
        self, store: Store, tables: Tables, clock: Clock, endings: Endings, interval_ms: int
    ) -> None:
        self._store = store
        self._tables = tables
        self._clock = clock
        self._endings = endings
        self._interval_ms = interval_ms
        self._alarm: Alarm | None = None
        self._shrink_alarm: Alarm | None = None

    def start(self) -> None:
        """Wait for the next round."""
        self._arm(self._interval_ms)

    def stop(self) -> None:
        """Stop cleaning."""
        for alarm in (self._alarm, self._shrink_alarm):
            if alarm is not None:
                alarm.cancel()
        self._alarm = self._shrink_alarm = None

    def delete(self) -> bool:
        """Delete one batch, and return whether there may be more. Raises StoreError."""
        now = self._clock.now_ms()
        payloads = self._tables.payloads
        most = payloads.deleted_size + _BATCH_SIZE
        expired = self._tables.invocations.expired(now, _BATCH)
        for seq in expired:
            row = self._tables.invocations.read(seq)
            if row is not None:
                self._endings.erase(row)
            if payloads.deleted_size > most:
                return True
        journals = self._tables.invocations.with_expired_journal(now, _BATCH)
        for seq in journals:
            self._endings.erase_journal(seq)
            if payloads.deleted_size > most:
                return True
        return len(expired) == _BATCH or len(journals) == _BATCH

    def _arm(self, wait_ms: int) -> None:
        self._alarm = self._clock.call_at(self._clock.now_ms() + wait_ms, self._round)

    def _round(self) -> None:
        try:
            is_more = self.delete()
        except TransactionLostError:
            is_more = False  # the store has notified the runtime; the next round tries again
        except Exception:
            log.exception("what has expired cannot be deleted; the next round tries again")
            is_more = False
        self._arm(_PAUSE_MS if is_more else self._interval_ms)
        if not is_more:
            self._store.after_commit(self._shrink, is_urgent=False)

    def _shrink(self) -> None:
        try:
            is_more = self._alarm is not None and self._store.shrink()
        except TransactionLostError:
            is_more = False
        if is_more:
            self._shrink_alarm = self._clock.call_at(
                self._clock.now_ms() + _PAUSE_MS,
                lambda: self._store.after_commit(self._shrink, is_urgent=False),
            )
