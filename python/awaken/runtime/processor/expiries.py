"""Counts callbacks and approvals that expire: a timer that describes one is due, and the handler still waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.links.description import ENTRY_PREFIX
from awaken.runtime.described_sleep import SLEEP, read_described_sleep

if TYPE_CHECKING:
    from awaken.links.description import CallbackDescription
    from awaken.runtime.processor.event_feed import EventFeed
    from awaken.runtime.processor.open_attempts import OpenAttempts
    from awaken.runtime.store import Store

__all__ = ["Expiries"]


class Expiries:
    """Looks at each sleep that is over. Only made where somebody reads the numbers: it reads the journal.

    Args:
        store: has the journals, and what suspended invocations wait for.
        open_attempts: know what running ones wait for.
        events: counts what expired.
    """

    def __init__(self, store: Store, open_attempts: OpenAttempts, events: EventFeed) -> None:
        self._store = store
        self._open_attempts = open_attempts
        self._events = events

    def note(self, invocation: int, completion_id: int) -> None:
        """Note the end of a sleep, before its completion is stored.

        Args:
            invocation: the number of its row.
            completion_id: of the sleep command.
        """
        description = self._describe(invocation, completion_id)
        if description is not None and self._is_awaited(invocation, description):
            self._events.note_completion("expiry", "expired")

    def _describe(self, invocation: int, completion_id: int) -> CallbackDescription | None:
        rows = self._store.fetch(
            "SELECT payload FROM journal WHERE invocation = ? AND code = ? AND instr(payload, ?) > 0",
            (invocation, SLEEP, ENTRY_PREFIX.encode()),
        )
        for (payload,) in rows.fetchall():
            sleep = read_described_sleep(payload)
            if sleep is not None and sleep.completion_id == completion_id:
                return sleep.description
        return None

    def _is_awaited(self, invocation: int, description: CallbackDescription) -> bool:
        awaited = self._open_attempts.awaited_by(invocation)
        if awaited is not None:
            return any(map(description.covers, awaited.asked_ms))
        rows = self._store.fetch(
            "SELECT signal FROM awakeable WHERE invocation = ? AND is_awaited = 1", (invocation,)
        )
        return any(description.covers(signal) for (signal,) in rows.fetchall())
