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
    from awaken.runtime.tables.invocations import Record

__all__ = ["Promises"]


class Promises:
    """One result for each name of a workflow key; the first one counts."""

    def __init__(self, store: Store, lifecycle: Lifecycle) -> None:
        self._store = store
        self._lifecycle = lifecycle

    def wait(self, record: Record, name: str, completion_id: int) -> None:
        """Answer a GetPromise command, now or when there is a result."""
        result = self._result(record, name)
        if result is not None:
            self._answer(record, "GetPromise", completion_id, result)
            return
        key = record.key or ""
        self._store.write(
            "INSERT OR IGNORE INTO promise (service, key, name) VALUES (?, ?, ?)", (record.service, key, name)
        )
        self._store.write(
            "INSERT OR IGNORE INTO promise_waiter (service, key, name, invocation, completion_id) "
            "VALUES (?, ?, ?, ?, ?)",
            (record.service, key, name, record.seq, completion_id),
        )

    def peek(self, record: Record, name: str, completion_id: int) -> None:
        """Answer a PeekPromise command: with nothing when there is no result."""
        self._answer(record, "PeekPromise", completion_id, self._result(record, name))

    def complete(self, record: Record, name: str, completion_id: int, result: bytes | _core.Failure) -> None:
        """Answer a CompletePromise command, and those who wait for the promise."""
        if self._result(record, name) is not None:
            self._answer(record, "CompletePromise", completion_id, PROMISE_TAKEN)
            return
        key = record.key or ""
        outcome = from_core(result)
        self._store.write(
            "INSERT INTO promise (service, key, name, value, failure_code, failure_message, failure_metadata) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (service, key, name) DO UPDATE SET value = excluded.value, "
            "failure_code = excluded.failure_code, failure_message = excluded.failure_message, "
            "failure_metadata = excluded.failure_metadata",
            (record.service, key, name, *to_columns(outcome)),
        )
        waiters = self._store.fetch(
            "SELECT invocation, completion_id FROM promise_waiter WHERE service = ? AND key = ? AND name = ?",
            (record.service, key, name),
        ).fetchall()
        self._store.write(
            "DELETE FROM promise_waiter WHERE service = ? AND key = ? AND name = ?",
            (record.service, key, name),
        )
        for invocation, waiting_id in waiters:
            waiter = invocations.read(self._store, invocation)
            if waiter is not None:
                self._answer(waiter, "GetPromise", waiting_id, outcome)
        self._answer(record, "CompletePromise", completion_id, None)

    def _answer(
        self, record: Record, kind: str, completion_id: int, result: Success | Failure | None
    ) -> None:
        outcome = None if result is None else to_core(result)
        self._lifecycle.notify(record, *_core.encode_completion(kind, completion_id, outcome))

    def _result(self, record: Record, name: str) -> Success | Failure | None:
        row = self._store.fetch(
            "SELECT value, failure_code, failure_message, failure_metadata FROM promise "
            "WHERE service = ? AND key = ? AND name = ?",
            (record.service, record.key or "", name),
        ).fetchone()
        if row is None or (row[0] is None and row[1] is None):
            return None
        return from_columns(*row)
