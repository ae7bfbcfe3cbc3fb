"""Deletes expired results and journals, at regular intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from awaken.runtime.errors import StoreError

if TYPE_CHECKING:
    from awaken.runtime.clock import Alarm, Clock
    from awaken.runtime.processor.endings import Endings
    from awaken.runtime.tables.tables import Tables

__all__ = ["Cleaner"]

#: Rows in one transaction. The next batch follows at once.
_BATCH: Final = 500


class Cleaner:
    """Deletes what has expired in rounds, so that retention is a lower bound.

    Args:
        tables: what to clean.
        clock: what time it is.
        endings: deletes an invocation with everything that belongs to it.
        interval_ms: between two rounds.
    """

    def __init__(self, tables: Tables, clock: Clock, endings: Endings, interval_ms: int) -> None:
        self._tables = tables
        self._clock = clock
        self._endings = endings
        self._interval_ms = interval_ms
        self._alarm: Alarm | None = None

    def start(self) -> None:
        """Wait for the next round."""
        self._arm(self._interval_ms)

    def stop(self) -> None:
        """Stop cleaning."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def clean(self) -> bool:
        """Delete one batch, and return whether there may be more. Raises StoreError."""
        now = self._clock.now_ms()
        expired = self._tables.invocations.expired(now, _BATCH)
        for seq in expired:
            row = self._tables.invocations.read(seq)
            if row is not None:
                self._endings.erase(row)
        journals = self._tables.invocations.with_expired_journal(now, _BATCH)
        for seq in journals:
            self._endings.erase_journal(seq)
        return len(expired) == _BATCH or len(journals) == _BATCH

    def _arm(self, wait_ms: int) -> None:
        self._alarm = self._clock.call_at(self._clock.now_ms() + wait_ms, self._round)

    def _round(self) -> None:
        try:
            is_more = self.clean()
        except StoreError:
            is_more = False  # the store has notified the runtime; the next round tries again
        self._arm(0 if is_more else self._interval_ms)
