"""The named promises of workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken import _core
from awaken.runtime.tables.results import PROMISE_TAKEN, from_core, to_core

if TYPE_CHECKING:
    from awaken.control.operations import Failure, Success
    from awaken.runtime.processor.lifecycle import Lifecycle
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.tables import Tables

__all__ = ["Promises"]


class Promises:
    """Promises have one result for each workflow, key and name: the first one."""

    def __init__(self, tables: Tables, lifecycle: Lifecycle) -> None:
        self._tables = tables
        self._lifecycle = lifecycle

    def wait(self, row: InvocationRow, name: str, completion_id: int) -> None:
        """Answer a GetPromise command, now or as soon as there is a result."""
        result = self._result(row, name)
        if result is not None:
            self._answer(row, "GetPromise", completion_id, result)
            return
        self._tables.promises.add_waiter(row.service, row.key or "", name, row.seq, completion_id)

    def peek(self, row: InvocationRow, name: str, completion_id: int) -> None:
        """Answer a PeekPromise command, with an empty result if there is none yet."""
        self._answer(row, "PeekPromise", completion_id, self._result(row, name))

    def complete(
        self, row: InvocationRow, name: str, completion_id: int, result: bytes | _core.Failure
    ) -> None:
        """Answer a CompletePromise command, and the commands that wait for the promise."""
        if self._result(row, name) is not None:
            self._answer(row, "CompletePromise", completion_id, PROMISE_TAKEN)
            return
        key = row.key or ""
        outcome = from_core(result)
        self._tables.promises.set_result(row.service, key, name, outcome)
        for invocation, waiting_id in self._tables.promises.take_waiters(row.service, key, name):
            waiter = self._tables.invocations.read(invocation)
            if waiter is not None:
                self._answer(waiter, "GetPromise", waiting_id, outcome)
        self._answer(row, "CompletePromise", completion_id, None)

    def _answer(
        self, row: InvocationRow, kind: str, completion_id: int, result: Success | Failure | None
    ) -> None:
        outcome = None if result is None else to_core(result)
        self._lifecycle.notify(row, *_core.encode_completion(kind, completion_id, outcome))

    def _result(self, row: InvocationRow, name: str) -> Success | Failure | None:
        return self._tables.promises.result(row.service, row.key or "", name)
