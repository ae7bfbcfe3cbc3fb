"""The named promises of workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken import _core
from awaken.runtime.tables import invocations
from awaken.runtime.tables.results import PROMISE_TAKEN, from_columns, from_core, to_columns, to_core

if TYPE_CHECKING:
    from awaken.control.operations import Failure, Success
    from awaken.runtime.processor.lifecycle import Lifecycle
    from awaken.runtime.store import Store
    from awaken.runtime.tables.invocations import InvocationRow

__all__ = ["Promises"]


class Promises:
    """One result for each name of a workflow key; the first one counts."""

    def __init__(self, store: Store, lifecycle: Lifecycle) -> None:
        self._store = store
        self._lifecycle = lifecycle

    def wait(self, row: InvocationRow, name: str, completion_id: int) -> None:
        """Answer a GetPromise command, now or when there is a result."""
        result = self._result(row, name)
        if result is not None:
            self._answer(row, "GetPromise", completion_id, result)
            return
        key = row.key or ""
        self._store.write(
            "INSERT OR IGNORE INTO promise (service, key, name) VALUES (?, ?, ?)", (row.service, key, name)
        )
        self._store.write(
            "INSERT OR IGNORE INTO promise_waiter (service, key, name, invocation, completion_id) "
            "VALUES (?, ?, ?, ?, ?)",
            (row.service, key, name, row.seq, completion_id),
        )

    def peek(self, row: InvocationRow, name: str, completion_id: int) -> None:
        """Answer a PeekPromise command: with nothing when there is no result."""
        self._answer(row, "PeekPromise", completion_id, self._result(row, name))

    def complete(
        self, row: InvocationRow, name: str, completion_id: int, result: bytes | _core.Failure
    ) -> None:
        """Answer a CompletePromise command, and those who wait for the promise."""
        if self._result(row, name) is not None:
            self._answer(row, "CompletePromise", completion_id, PROMISE_TAKEN)
            return
        key = row.key or ""
        outcome = from_core(result)
        self._store.write(
            "INSERT INTO promise (service, key, name, value, failure_code, failure_message, failure_metadata) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (service, key, name) DO UPDATE SET value = excluded.value, "
            "failure_code = excluded.failure_code, failure_message = excluded.failure_message, "
            "failure_metadata = excluded.failure_metadata",
            (row.service, key, name, *to_columns(outcome)),
        )
        waiters = self._store.fetch(
            "SELECT invocation, completion_id FROM promise_waiter WHERE service = ? AND key = ? AND name = ?",
            (row.service, key, name),
        ).fetchall()
        self._store.write(
            "DELETE FROM promise_waiter WHERE service = ? AND key = ? AND name = ?",
            (row.service, key, name),
        )
        for invocation, waiting_id in waiters:
            waiter = invocations.read(self._store, invocation)
            if waiter is not None:
                self._answer(waiter, "GetPromise", waiting_id, outcome)
        self._answer(row, "CompletePromise", completion_id, None)

    def _answer(
        self, row: InvocationRow, kind: str, completion_id: int, result: Success | Failure | None
    ) -> None:
        outcome = None if result is None else to_core(result)
        self._lifecycle.notify(row, *_core.encode_completion(kind, completion_id, outcome))

    def _result(self, row: InvocationRow, name: str) -> Success | Failure | None:
        found = self._store.fetch(
            "SELECT value, failure_code, failure_message, failure_metadata FROM promise "
            "WHERE service = ? AND key = ? AND name = ?",
            (row.service, row.key or "", name),
        ).fetchone()
        if found is None or (found[0] is None and found[1] is None):
            return None
        return from_columns(*found)
