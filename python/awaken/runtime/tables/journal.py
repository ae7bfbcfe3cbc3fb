"""The journal of each invocation: commands and notifications in the order they were stored, byte for byte."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from awaken.runtime.described_sleep import SLEEP
from awaken.runtime.tables.late_invocations import LATE_SIZE
from awaken.runtime.tables.payloads import INLINE_SIZE, PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from awaken.runtime.clock import Clock
    from awaken.runtime.store import Store
    from awaken.runtime.tables.fresh import FreshInvocations
    from awaken.runtime.tables.payloads import Payloads

__all__ = ["Journal"]

_APPEND: Final = (
    "INSERT INTO journal (invocation, idx, code, payload, appended_at, signal) VALUES (?, ?, ?, ?, ?, ?)"
)
#: Of one that is no signal; a value that is not passed costs nothing.
_APPEND_PLAIN: Final = (
    "INSERT INTO journal (invocation, idx, code, payload, appended_at) VALUES (?, ?, ?, ?, ?)"
)
_APPEND_LARGE: Final = (
    "INSERT INTO journal (invocation, idx, code, payload, appended_at, signal, payload_id) "
    "VALUES (?, ?, ?, x'', ?, ?, ?)"
)
_ENTRY: Final = f"SELECT code, {PAYLOAD}, signal FROM journal WHERE invocation = ?"  # noqa: S608 - of this package
#: Type codes from here on are those of notifications.
_FIRST_NOTIFICATION: Final = 0x8000


class _LateEntries:
    """A `awaken.runtime.store.late_rows.LateTable` of entries."""

    def statements(self, rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[str, Sequence[tuple[Any, ...]]]]:
        plain = [row[:5] for row in rows if row[5] is None]
        if plain:
            yield _APPEND_PLAIN, plain
        if len(plain) < len(rows):
            yield _APPEND, [row for row in rows if row[5] is not None]


_LATE_ENTRIES: Final = _LateEntries()


class Journal:
    """Appends and reads entries. An invocation is given by the number of its row."""

    def __init__(self, store: Store, clock: Clock, fresh: FreshInvocations, payloads: Payloads) -> None:
        self._store = store
        self._clock = clock
        self._fresh = fresh
        self._payloads = payloads

    def append(self, invocation: int, code: int, payload: bytes, signal: int | None = None) -> int:
        """Append an entry, and return its 0-based index."""
        # Descriptions of callbacks are searched for in sleeps.
        if len(payload) > INLINE_SIZE and code != SLEEP:
            return self._append_large(invocation, code, payload, signal)
        now = self._clock.now_ms()
        if (fresh := self._fresh.get(invocation)) is not None:
            index = fresh.note_entry(code, payload, now, signal)
            self._write(invocation, index, code, payload, now, signal)
            return index
        ((index,),) = self._store.write(
            "INSERT INTO journal (invocation, idx, code, payload, appended_at, signal) VALUES (?1, "
            "(SELECT coalesce(max(idx), -1) + 1 FROM journal WHERE invocation = ?1), ?2, ?3, ?4, ?5) RETURNING idx",
            (invocation, code, payload, now, signal),
        ).fetchall()
        return int(index)

    def _append_large(self, invocation: int, code: int, payload: bytes, signal: int | None) -> int:
        now = self._clock.now_ms()
        index = self.count(invocation)
        if (fresh := self._fresh.get(invocation)) is not None:
            fresh.note_entry(code, payload, now, signal)
            if index == 0 and fresh.row is not None and fresh.row.status == "invoked":
                self._fresh.keep_large_input(invocation, code, payload)
        payload_id = self._payloads.add(invocation, payload)
        self._store.write(_APPEND_LARGE, (invocation, index, code, now, signal, payload_id))
        return index

    def begin(self, invocation: int, code: int, payload: bytes) -> None:
        """Append the first entry, the Input command."""
        if len(payload) > INLINE_SIZE:
            self._append_large(invocation, code, payload, None)
            return
        now = self._clock.now_ms()
        if (fresh := self._fresh.get(invocation)) is not None:
            fresh.note_entry(code, payload, now, None)
        self._write(invocation, 0, code, payload, now, None)

    def _write(
        self, invocation: int, index: int, code: int, payload: bytes, now: int, signal: int | None
    ) -> None:
        entry = (invocation, index, code, payload, now, signal)
        if len(payload) <= LATE_SIZE:
            self._store.write_late(_LATE_ENTRIES, entry)
        else:
            self._store.write(_APPEND, entry)

    def first(self, invocation: int) -> tuple[int, bytes] | None:
        """Return code and payload of the first entry, which is the input."""
        for code, payload, _ in self._entries("idx = 0", invocation):
            return code, payload
        return None

    def count(self, invocation: int) -> int:
        """Return the number of entries."""
        if (fresh := self._fresh.get(invocation)) is not None:
            return fresh.entry_count
        ((index,),) = self._store.fetch(
            "SELECT coalesce(max(idx), -1) FROM journal WHERE invocation = ?", (invocation,)
        )
        return int(index) + 1

    def entries_from(self, invocation: int, first: int) -> Generator[tuple[int, bytes]]:
        """Yield code and payload of the entries from an index on, as they are asked for. Close it before you write."""
        fresh = self._fresh.get(invocation)
        if fresh is not None and fresh.entry_count == 1 and first == 0:
            known = fresh.input or self._fresh.take_large_input(invocation)
            if known is not None:
                yield known
                return
        with closing(self._entries("idx >= ? ORDER BY idx", invocation, first)) as entries:
            for code, payload, _ in entries:
                yield code, payload

    def prefix(self, invocation: int, count: int) -> list[tuple[int, bytes, int | None]]:
        """Return code, payload and signal of the `count` entries after the first one."""
        return list(self._entries("idx BETWEEN 1 AND ? ORDER BY idx", invocation, count))

    def notifications_from(self, invocation: int, first: int) -> list[tuple[int, bytes]]:
        """Return code and payload of the notifications from an index on."""
        found = self._entries("idx >= ? AND code >= ? ORDER BY idx", invocation, first, _FIRST_NOTIFICATION)
        return [(code, payload) for code, payload, _ in found]

    def newest_commands(self, invocation: int, count: int) -> Generator[tuple[int, bytes]]:
        """Yield code and payload of the last commands, the newest first, as they are asked for."""
        condition = "code < ? ORDER BY idx DESC LIMIT ?"
        with closing(self._entries(condition, invocation, _FIRST_NOTIFICATION, count)) as entries:
            for code, payload, _ in entries:
                yield code, payload

    def _entries(
        self, condition: str, invocation: int, *values: int
    ) -> Generator[tuple[int, bytes, int | None]]:
        cursor = self._store.fetch(f"{_ENTRY} AND {condition}", (invocation, *values))
        try:
            for entry in cursor:
                if entry[1] is None:
                    raise self._payloads.missing(invocation)
                yield entry
        finally:
            cursor.close()

    def last_appended_ms(self, invocation: int) -> int | None:
        """Return when the last entry was appended, None if there is none."""
        if (fresh := self._fresh.get(invocation)) is not None:
            return fresh.last_appended_ms
        row = self._store.fetch(
            "SELECT appended_at FROM journal WHERE invocation = ? ORDER BY idx DESC LIMIT 1", (invocation,)
        ).fetchone()
        return None if row is None else row[0]

    def has_signal(self, invocation: int, signal: int) -> bool:
        """Whether a signal with this index has come."""
        if (fresh := self._fresh.get(invocation)) is not None:
            return signal in fresh.signals
        return (
            self._store.fetch(
                "SELECT 1 FROM journal WHERE invocation = ? AND signal = ? LIMIT 1", (invocation, signal)
            ).fetchone()
            is not None
        )

    def delete(self, invocation: int) -> None:
        """Delete all entries."""
        self._store.write("DELETE FROM journal WHERE invocation = ?", (invocation,))
