"""The tables of promises and of the commands that wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.runtime.tables.results import from_columns, to_columns

if TYPE_CHECKING:
    from awaken.control.operations import Failure, Success
    from awaken.runtime.store import Store
    from awaken.runtime.tables.fresh import FreshInvocations

__all__ = ["PromiseRows"]


class PromiseRows:
    """Promises by workflow, key and name. An invocation is given by the number of its row."""

    def __init__(self, store: Store, fresh: FreshInvocations) -> None:
        self._store = store
        self._fresh = fresh

    def result(self, service: str, key: str, name: str) -> Success | Failure | None:
        """Return the result of a promise, None if it has none yet."""
        row = self._store.fetch(
            "SELECT value, failure_code, failure_message, failure_metadata FROM promise "
            "WHERE service = ? AND key = ? AND name = ?",
            (service, key, name),
        ).fetchone()
        if row is None or (row[0] is None and row[1] is None):
            return None
        return from_columns(*row)

    def set_result(self, service: str, key: str, name: str, result: Success | Failure) -> None:
        """Store the result of a promise."""
        self._store.write(
            "INSERT INTO promise (service, key, name, value, failure_code, failure_message, failure_metadata) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (service, key, name) DO UPDATE SET value = excluded.value, "
            "failure_code = excluded.failure_code, failure_message = excluded.failure_message, "
            "failure_metadata = excluded.failure_metadata",
            (service, key, name, *to_columns(result)),
        )

    def add_waiter(self, service: str, key: str, name: str, invocation: int, completion_id: int) -> None:
        """Register a command to get the result of a promise, which is created without one if necessary."""
        if (fresh := self._fresh.get(invocation)) is not None:
            fresh.has_promise_waiters = True
        self._store.write(
            "INSERT OR IGNORE INTO promise (service, key, name) VALUES (?, ?, ?)", (service, key, name)
        )
        self._store.write(
            "INSERT OR IGNORE INTO promise_waiter (service, key, name, invocation, completion_id) "
            "VALUES (?, ?, ?, ?, ?)",
            (service, key, name, invocation, completion_id),
        )

    def take_waiters(self, service: str, key: str, name: str) -> list[tuple[int, int]]:
        """Remove the commands that wait for a promise; return invocation and completion id of each."""
        waiters: list[tuple[int, int]] = self._store.fetch(
            "SELECT invocation, completion_id FROM promise_waiter WHERE service = ? AND key = ? AND name = ?",
            (service, key, name),
        ).fetchall()
        self._store.write(
            "DELETE FROM promise_waiter WHERE service = ? AND key = ? AND name = ?", (service, key, name)
        )
        return waiters

    def remove_waiter(self, invocation: int) -> None:
        """Remove the waiting commands of an invocation that has ended."""
        fresh = self._fresh.get(invocation)
        if fresh is None or fresh.has_promise_waiters:
            self._store.write("DELETE FROM promise_waiter WHERE invocation = ?", (invocation,))

    def delete_all(self, service: str, key: str) -> None:
        """Delete all promises of a key."""
        self._store.write("DELETE FROM promise WHERE service = ? AND key = ?", (service, key))
