"""Signals between invocations, and the results that the outside world gives to awakeables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from awaken import _core
from awaken.control.operations import PendingAwakeable, Target
from awaken.outcomes import CANCEL, FIRST_AWAKEABLE, AwakeableOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from awaken.runtime.processor.endings import Endings
    from awaken.runtime.processor.lifecycle import Lifecycle
    from awaken.runtime.processor.open_attempts import Awaited
    from awaken.runtime.store import Store
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.tables import Tables

__all__ = ["Signals"]


class Signals:
    """Delivers signals. The first result of an awakeable counts; a signal to one that has not started is dropped."""

    def __init__(self, store: Store, tables: Tables, lifecycle: Lifecycle, endings: Endings) -> None:
        self._store = store
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
        return self.send(parsed.invocation_id, parsed.index, result)

    def pending(
        self, limit: int, after: str | None, awaited: Iterable[Awaited]
    ) -> Sequence[PendingAwakeable]:
        """List awakeables that are waited for, oldest first.

        Args:
            limit: how many at most.
            after: the last id of the page before.
            awaited: what handlers with an open attempt wait for; of the others the store knows.
        """
        start = (-1, -1, -1) if after is None else self._position(after, awaited := list(awaited))
        rows = self._store.fetch(
            "SELECT since, invocation, signal, id, service, handler, key FROM awakeable "
            "JOIN invocation ON invocation.seq = awakeable.invocation "
            "WHERE (since, invocation, signal) > (?, ?, ?) ORDER BY since, invocation, signal LIMIT ?",
            (*start, limit),
        ).fetchall()
        known = {row[:3]: _pending(*row) for row in rows}
        for since, row, signal in self._open(awaited):
            position = (since, row.seq, signal)
            if position > start:
                known.setdefault(position, _pending(*position, row.id, row.service, row.handler, row.key))
        return [known[position] for position in sorted(known)][:limit]

    def _open(self, awaited: Iterable[Awaited]) -> Iterator[tuple[int, InvocationRow, int]]:
        for row, since, future_json in awaited:
            for signal in _signals_in(json.loads(future_json)):
                if signal < FIRST_AWAKEABLE or self._tables.journal.has_signal(row.seq, signal):
                    continue
                if self._since(row.seq, signal) is None:
                    yield since, row, signal

    def _position(self, awakeable_id: str, awaited: Iterable[Awaited]) -> tuple[int, int, int]:
        parsed = _core.parse_awakeable_id(awakeable_id)
        row = self._tables.invocations.find(parsed.invocation_id)
        if row is None:
            return (-1, -1, -1)
        since = self._since(row.seq, parsed.index)
        if since is None:
            since = next((item.since_ms for item in awaited if item.row.seq == row.seq), -1)
        return (since, row.seq, parsed.index)

    def _since(self, invocation: int, signal: int) -> int | None:
        row = self._store.fetch(
            "SELECT since FROM awakeable WHERE invocation = ? AND signal = ?", (invocation, signal)
        ).fetchone()
        return None if row is None else row[0]


def _pending(
    since_ms: int, _: int, signal: int, invocation_id: str, service: str, handler: str, key: str | None
) -> PendingAwakeable:
    awakeable_id = _core.format_awakeable_id(_core.parse_invocation_id(invocation_id), signal)
    return PendingAwakeable(awakeable_id, invocation_id, Target(service, handler, key), since_ms)


def _signals_in(future: object) -> list[int]:
    """Return the signal indices in the JSON of a tree of futures, as introspection shows it."""
    if isinstance(future, dict):
        index = future.get("SignalIndex")
        if isinstance(index, int):
            return [index]
        return [signal for value in future.values() for signal in _signals_in(value)]
    if isinstance(future, list):
        return [signal for value in future for signal in _signals_in(value)]
    return []
