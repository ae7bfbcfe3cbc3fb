"""The table of timers: what is due when."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from awaken.runtime.store import Store
    from awaken.runtime.tables.fresh import FreshInvocations

__all__ = ["Timer", "Timers"]


class Timer(NamedTuple):
    """One timer that is due."""

    #: `start`, `sleep` or `retry`.
    kind: str
    #: The number of the row of its invocation.
    invocation: int
    #: Of the sleep command that it completes.
    completion_id: int | None
    due_ms: int


class Timers:
    """Timers by due time. An invocation is given by the number of its row, times are UTC milliseconds."""

    def __init__(self, store: Store, fresh: FreshInvocations) -> None:
        self._store = store
        self._fresh = fresh

    def add(self, due_ms: int, kind: str, invocation: int, completion_id: int | None) -> None:
        """Add a timer."""
        if (fresh := self._fresh.get(invocation)) is not None:
            fresh.has_timers = True
        self._store.write(
            "INSERT INTO timer (due, kind, invocation, completion_id) VALUES (?, ?, ?, ?)",
            (due_ms, kind, invocation, completion_id),
        )

    def remove(self, invocation: int, kind: str | None = None) -> None:
        """Remove timers of an invocation: those of one kind, or all."""
        if not self.may_have(invocation):
            return
        if kind is None:
            self._store.write("DELETE FROM timer WHERE invocation = ?", (invocation,))
        else:
            self._store.write("DELETE FROM timer WHERE invocation = ? AND kind = ?", (invocation, kind))

    def may_have(self, invocation: int) -> bool:
        """Return False if an invocation is known to have no timer."""
        fresh = self._fresh.get(invocation)
        return fresh is None or fresh.has_timers

    def next_due_ms(self) -> int | None:
        """Return when the next timer is due, None if there is none."""
        row = self._store.fetch("SELECT due FROM timer ORDER BY due, seq LIMIT 1").fetchone()
        return None if row is None else row[0]

    def take_due(self, now_ms: int, limit: int) -> list[Timer]:
        """Remove and return timers that are due, in the order they are due."""
        rows = self._store.fetch(
            "SELECT seq, kind, invocation, completion_id, due FROM timer WHERE due <= ? ORDER BY due, seq LIMIT ?",
            (now_ms, limit),
        ).fetchall()
        self._store.write_many("DELETE FROM timer WHERE seq = ?", [(row[0],) for row in rows])
        return [Timer._make(row[1:]) for row in rows]
