"""Signals between invocations, and results of awakeables that come from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken import _core
from awaken.outcomes import CANCEL, FIRST_AWAKEABLE, LAST_AWAKEABLE, AwakeableOutcome

if TYPE_CHECKING:
    from awaken.runtime.processor.endings import Endings
    from awaken.runtime.processor.lifecycle import Lifecycle
    from awaken.runtime.tables.tables import Tables

__all__ = ["Signals"]


class Signals:
    """Delivers signals. Only the first result of an awakeable counts; an invocation that has not started takes none."""

    def __init__(self, tables: Tables, lifecycle: Lifecycle, endings: Endings) -> None:
        self._tables = tables
        self._lifecycle = lifecycle
        self._endings = endings

    def send(
        self, invocation_id: str, signal: int | str, result: bytes | _core.Failure | None
    ) -> AwakeableOutcome:
        """Deliver a signal by its index or name."""
        row = self._tables.invocations.find(invocation_id)
        if row is None:
            return AwakeableOutcome.UNKNOWN
        if signal == CANCEL:
            if row.status == "completed":
                return AwakeableOutcome.GONE
            self._endings.cancel(row)
            return AwakeableOutcome.APPLIED
        is_awakeable = isinstance(signal, int) and signal >= FIRST_AWAKEABLE
        if is_awakeable and isinstance(signal, int) and self._tables.journal.has_signal(row.seq, signal):
            return AwakeableOutcome.ALREADY_COMPLETED
        code, payload = _core.encode_signal(signal, result)
        index = signal if isinstance(signal, int) else None
        if self._lifecycle.notify(row, code, payload, index):
            return AwakeableOutcome.APPLIED
        return AwakeableOutcome.GONE if row.status == "completed" else AwakeableOutcome.INVALID

    def complete_awakeable(self, awakeable_id: str, result: bytes | _core.Failure) -> AwakeableOutcome:
        """Give an awakeable its result. Index 1 cancels, as it does on the server.

        Raises:
            InvalidIdError: the id does not parse.
        """
        parsed = _core.parse_awakeable_id(awakeable_id)
        if parsed.index == CANCEL and not parsed.is_legacy:
            self.send(parsed.invocation_id, CANCEL, None)
            return AwakeableOutcome.INVALID
        if parsed.index < FIRST_AWAKEABLE:
            return AwakeableOutcome.INVALID
        if parsed.index > LAST_AWAKEABLE:
            return AwakeableOutcome.UNKNOWN
        return self.send(parsed.invocation_id, parsed.index, result)
