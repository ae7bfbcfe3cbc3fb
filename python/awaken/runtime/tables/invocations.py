"""The table of invocations. Each change of a row is one statement here; the processor decides on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from awaken.control.operations import Completion, Failure, Success
from awaken.runtime.tables.completed_columns import completed_columns
from awaken.runtime.tables.invocation_row import InvocationRow
from awaken.runtime.tables.late_invocations import LATE_SIZE, Begun, LateInvocations, Succeeded
from awaken.runtime.tables.results import from_columns, to_columns
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.runtime.attempt_failure import AttemptFailure
    from awaken.runtime.schema import HandlerSchema
    from awaken.runtime.store import Store
    from awaken.runtime.tables.fresh import FreshInvocations
    from awaken.runtime.tables.payloads import Payloads

__all__ = ["Invocations", "NewInvocation", "SuspensionPoint"]

_SELECT = f"SELECT {', '.join(InvocationRow._fields)} FROM invocation WHERE "  # noqa: S608 - names of this package
_BY_SEQ = _SELECT + "seq = ?"
_BY_ID = _SELECT + "id = ?"
_COMPLETE = (
    f"UPDATE invocation SET {completed_columns('?1', '?10', '?11')}, "  # noqa: S608 - likewise
    "result_value = ?2, result_payload_id = ?3, result_offset = ?4, failure_code = ?5, failure_message = ?6, "
    "failure_metadata = ?7, failure_stacktrace = ?8 WHERE seq = ?9"
)


@dataclass(slots=True, kw_only=True)
class NewInvocation:
    """Everything that a new invocation is created from."""

    invocation_id: str
    handler: HandlerSchema
    key: str | None
    #: The first entry of its journal: code and payload.
    input: tuple[int, bytes]
    invoked_by: str
    completion_retention_ms: int
    journal_retention_ms: int
    execution_time_ms: int | None = None
    idempotency_key: str | None = None
    scope: str | None = None
    limit_key: str | None = None
    invoked_by_id: str | None = None
    invoked_by_target: str | None = None
    restarted_from: str | None = None
    #: The body of the request, for observers; empty if another invocation had it before.
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class SuspensionPoint:
    """What a suspended invocation waits for."""

    future: bytes
    future_json: str
    completions: Sequence[int]
    signals: Sequence[int]
    #: Index of the first journal entry that the endpoint has not seen.
    unseen_from: int


class Invocations:
    """Reads and writes invocations. `seq` is the number of a row; times are UTC milliseconds."""

    def __init__(self, store: Store, fresh: FreshInvocations, payloads: Payloads) -> None:
        self._store = store
        self._fresh = fresh
        self._payloads = payloads
        self._late = LateInvocations()

    # Reading.

    def read(self, seq: int) -> InvocationRow | None:
        """Read an invocation by the number of its row."""
        fresh = self._fresh.get(seq)
        if fresh is not None and fresh.row is not None:
            return fresh.row
        row = self._store.fetch(_BY_SEQ, (seq,)).fetchone()
        return None if row is None else InvocationRow._make(row)

    def find(self, invocation_id: str) -> InvocationRow | None:
        """Read an invocation by its id."""
        if (known := self._fresh.row(invocation_id)) is not None:
            return known
        row = self._store.fetch(_BY_ID, (invocation_id,)).fetchone()
        return None if row is None else InvocationRow._make(row)

    def result(self, row: InvocationRow) -> Success | Failure:
        """Return the stored result of an invocation. Raises StoreError if it cannot be read."""
        value = row.result_value
        if row.result_payload_id is not None:
            value = self._payloads.read(row.result_payload_id, row.result_offset or 0)
        return from_columns(
            value, row.failure_code, row.failure_message, row.failure_metadata, row.failure_stacktrace
        )

    def take_result(self, row: InvocationRow) -> Success | Failure:
        """Return the result that `set_result` has stored, for `set_completed`, which leaves it where it is."""
        result = self.result(row)
        if isinstance(result, Success) and row.result_payload_id is not None:
            size = len(result.value)
            self._payloads.note_place(row.seq, row.result_payload_id, row.result_offset or 0, size)
        return result

    def completion(self, row: InvocationRow) -> Completion:
        """Return the stored result of a completed invocation. Raises StoreError if it cannot be read."""
        return Completion(row.id, row.target, self.result(row), row.completion_expires_at)

    def last_seq(self) -> int:
        """Return the highest row number, 0 when there are no invocations."""
        (last,) = self._store.fetch("SELECT coalesce(max(seq), 0) FROM invocation").fetchone()
        return int(last)

    def invoked(self) -> list[int]:
        """Return the rows of invocations that run or are about to, oldest first."""
        return self._seqs("SELECT seq FROM invocation WHERE status = 'invoked' ORDER BY seq")

    def open_children(self, invocation_id: str) -> list[int]:
        """Return the rows of invocations that another one started and that have not completed."""
        return self._seqs(
            "SELECT seq FROM invocation WHERE invoked_by_id = ? AND status <> 'completed'", invocation_id
        )

    def expired(self, now_ms: int, limit: int) -> list[int]:
        """Return rows whose result has expired, longest ago first."""
        return self._seqs(
            "SELECT seq FROM invocation WHERE completion_expires_at <= ? ORDER BY completion_expires_at LIMIT ?",
            now_ms,
            limit,
        )

    def with_expired_journal(self, now_ms: int, limit: int) -> list[int]:
        """Return rows whose journal has expired, longest ago first."""
        return self._seqs(
            "SELECT seq FROM invocation WHERE journal_expires_at <= ? ORDER BY journal_expires_at LIMIT ?",
            now_ms,
            limit,
        )

    def _seqs(self, statement: str, *values: str | int) -> list[int]:
        return [seq for (seq,) in self._store.fetch(statement, values).fetchall()]

    # Writing.

    def insert(
        self,
        seq: int,
        new: NewInvocation,
        status: Literal["scheduled", "inboxed", "invoked"],
        now_ms: int,
        start_at_ms: int | None,
    ) -> None:
        """Add an invocation.

        Args:
            seq: the number of its row, which was never used before.
            new: what it is created from.
            status: `scheduled` until its start is due, `inboxed` while another one holds its key.
            now_ms: the time.
            start_at_ms: when it starts, if it is scheduled.
        """
        if status == "invoked" and _is_plain(new):
            begun = Begun(
                seq,
                new.invocation_id,
                new.handler.service,
                new.handler.name,
                now_ms,
                min(new.completion_retention_ms, LAST_MS),
                min(new.journal_retention_ms, LAST_MS),
            )
            self._store.write_late(self._late, begun)
            self._fresh.add(_row_of(seq, new, status, now_ms))
            return
        is_scheduled, is_inboxed, is_invoked = (
            status == wanted for wanted in ("scheduled", "inboxed", "invoked")
        )
        self._store.write(
            "INSERT INTO invocation (seq, id, status, service, key, handler, kind, scope, limit_key, idempotency_key, "
            "invoked_by, invoked_by_id, invoked_by_target, restarted_from, created_at, modified_at, "
            "scheduled_start_at, scheduled_at, inboxed_at, running_at, last_start_at, retry_count, "
            "completion_retention_ms, journal_retention_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                seq,
                new.invocation_id,
                status,
                new.handler.service,
                new.key,
                new.handler.name,
                new.handler.kind,
                new.scope,
                new.limit_key,
                new.idempotency_key,
                new.invoked_by,
                new.invoked_by_id,
                new.invoked_by_target,
                new.restarted_from,
                now_ms,
                now_ms,
                start_at_ms if is_scheduled else None,
                now_ms if is_scheduled else None,
                now_ms if is_inboxed else None,
                now_ms if is_invoked else None,
                now_ms if is_invoked else None,
                1 if is_invoked else 0,
                min(new.completion_retention_ms, LAST_MS),
                min(new.journal_retention_ms, LAST_MS),
            ),
        )
        if not is_scheduled:
            self._fresh.add(_row_of(seq, new, status, now_ms))

    def forget(self, seq: int) -> None:
        """Forget what is known of it beside its row: it has ended."""
        self._fresh.forget(seq)
        self._payloads.forget(seq)

    def set_inboxed(self, seq: int, now_ms: int) -> None:
        """Note that it waits for its key."""
        self._fresh.forget(seq)
        self._store.write(
            "UPDATE invocation SET status = 'inboxed', inboxed_at = ?, modified_at = ? WHERE seq = ?",
            (now_ms, now_ms, seq),
        )

    def set_invoked(self, seq: int, now_ms: int) -> None:
        """Note that it runs. Its failures are counted anew, and it waits for nothing.

        The number of its attempts goes on from a pause that kept it, and starts over otherwise.
        """
        if (fresh := self._fresh.get(seq)) is not None:
            fresh.row = None
        self._store.write(
            "UPDATE invocation SET status = 'invoked', modified_at = ?1, running_at = coalesce(running_at, ?1), "
            "last_start_at = ?1, retry_count = iif(status = 'paused', retry_count, 0) + 1, "
            "counted_failures = 0, failures_since_entry = 0, "
            "next_retry_at = NULL, last_failure = NULL, last_failure_code = NULL, last_failure_stacktrace = NULL, "
            "last_failure_command_index = NULL, last_failure_command_name = NULL, last_failure_command_type = NULL, "
            "future = NULL, future_json = NULL, waiting_completions = NULL, waiting_signals = NULL, unseen_from = NULL "
            "WHERE seq = ?2",
            (now_ms, seq),
        )

    def set_retrying(self, seq: int, now_ms: int) -> None:
        """Note that its next attempt runs."""
        self._fresh.forget(seq)
        self._store.write(
            "UPDATE invocation SET next_retry_at = NULL, retry_count = retry_count + 1, last_start_at = ? "
            "WHERE seq = ?",
            (now_ms, seq),
        )

    def pin(self, seq: int, deployment_id: str, protocol_version: int, now_ms: int) -> None:
        """Pin it to a deployment and a protocol version."""
        fresh = self._fresh.get(seq)
        if fresh is not None and fresh.row is not None:
            fresh.row = fresh.row.pinned(deployment_id, protocol_version)._replace(modified_at=now_ms)
        self._store.write(
            "UPDATE invocation SET deployment_id = ?1, last_attempt_deployment_id = ?1, protocol_version = ?2, "
            "modified_at = ?3 WHERE seq = ?4",
            (deployment_id, protocol_version, now_ms, seq),
        )

    def set_suspended(self, seq: int, point: SuspensionPoint, now_ms: int, *, is_paused: bool) -> None:
        """Note that it is suspended, or paused, and what it waits for."""
        self._fresh.forget(seq)
        self._store.write(
            "UPDATE invocation SET status = ?, modified_at = ?, retry_count = 0, counted_failures = 0, "
            "failures_since_entry = 0, next_retry_at = NULL, last_failure = NULL, last_failure_code = NULL, "
            "last_failure_stacktrace = NULL, future = ?, future_json = ?, waiting_completions = ?, "
            "waiting_signals = ?, unseen_from = ? WHERE seq = ?",
            (
                "paused" if is_paused else "suspended",
                now_ms,
                point.future,
                point.future_json,
                json.dumps(list(point.completions)),
                json.dumps(list(point.signals)),
                point.unseen_from,
                seq,
            ),
        )

    def set_failing(
        self,
        seq: int,
        failure: AttemptFailure,
        *,
        counted_failures: int,
        failures_since_entry: int,
        next_retry_at_ms: int | None,
        deployment_id: str | None,
    ) -> None:
        """Note why its last attempt failed, and when the next one is due."""
        self._fresh.forget(seq)
        self._store.write(
            "UPDATE invocation SET counted_failures = ?, failures_since_entry = ?, "
            "next_retry_at = ?, last_failure = ?, last_failure_code = ?, last_failure_stacktrace = ?, "
            "last_failure_command_index = ?, last_failure_command_name = ?, last_failure_command_type = ?, "
            "last_attempt_deployment_id = ? WHERE seq = ?",
            (
                counted_failures,
                failures_since_entry,
                next_retry_at_ms,
                failure.describe(),
                failure.reason,
                failure.stacktrace or None,
                failure.command_index,
                failure.command_name,
                failure.command_type,
                deployment_id,
                seq,
            ),
        )

    def set_paused(self, seq: int, now_ms: int, *, keeps_attempts: bool) -> None:
        """Note that it is paused. The reason of its last failure stays.

        Args:
            seq: the number of its row.
            now_ms: the time.
            keeps_attempts: whether operators go on seeing its attempts: how many there were, and what failed.
        """
        self._fresh.forget(seq)
        self._store.write(
            "UPDATE invocation SET status = 'paused', modified_at = ?1, counted_failures = 0, "
            "retry_count = iif(?2, retry_count, 0), next_retry_at = iif(?2, next_retry_at, NULL) WHERE seq = ?3",
            (now_ms, keeps_attempts, seq),
        )

    def set_result(self, seq: int, result: Success | Failure) -> None:
        """Store its result while it still runs."""
        if (fresh := self._fresh.get(seq)) is not None:
            fresh.row = None
        value, *failure = to_columns(result)
        self._store.write(
            "UPDATE invocation SET result_value = ?, result_payload_id = ?, result_offset = ?, failure_code = ?, "
            "failure_message = ?, failure_metadata = ? WHERE seq = ?",
            (*self._payloads.place(seq, value), *failure, seq),
        )

    def set_completed(
        self,
        seq: int,
        result: Success | Failure,
        now_ms: int,
        pinned: tuple[str, int] | None = None,
    ) -> None:
        """Note that it has completed, with its result and when that expires.

        Args:
            seq: the number of its row.
            result: what it came to.
            now_ms: the time.
            pinned: deployment and protocol version, if it is to be pinned now.
        """
        if (fresh := self._fresh.get(seq)) is not None:
            fresh.row = None
        deployment_id, protocol_version = pinned if pinned is not None else (None, None)
        if isinstance(result, Success) and len(result.value) <= LATE_SIZE:
            succeeded = Succeeded(seq, now_ms, result.value, deployment_id, protocol_version)
            self._store.write_late(self._late, succeeded)
            return
        value, *failure = to_columns(result)
        self._store.write(
            _COMPLETE,
            (
                now_ms,
                *self._payloads.place(seq, value),
                *failure,
                result.stacktrace if isinstance(result, Failure) else None,
                seq,
                deployment_id,
                protocol_version,
            ),
        )

    def forget_journal_expiry(self, seq: int) -> None:
        """Note that its journal is deleted."""
        self._store.write("UPDATE invocation SET journal_expires_at = NULL WHERE seq = ?", (seq,))

    def delete(self, seq: int) -> None:
        """Delete it, with its result."""
        self._fresh.forget(seq)
        self._store.write("DELETE FROM invocation WHERE seq = ?", (seq,))


def _is_plain(new: NewInvocation) -> bool:
    """Return whether `Begun` has all that there is to know of a new invocation."""
    return (
        new.invoked_by == "ingress"
        and new.handler.kind is None
        and new.idempotency_key is None
        and new.scope is None
        and new.limit_key is None
    )


def _row_of(seq: int, new: NewInvocation, status: str, now_ms: int) -> InvocationRow:
    """Return the row that `insert` writes. By position, because names cost more than all of it."""
    is_invoked = status == "invoked"
    handler = new.handler
    return InvocationRow(
        seq,
        new.invocation_id,
        status,
        handler.service,
        new.key,
        handler.name,
        handler.kind,
        new.scope,
        new.limit_key,
        new.idempotency_key,
        new.invoked_by,
        now_ms,  # created
        now_ms,  # modified
        None,  # scheduled
        now_ms if is_invoked else None,  # running
        min(new.completion_retention_ms, LAST_MS),
        min(new.journal_retention_ms, LAST_MS),
        retry_count=1 if is_invoked else 0,
    )
