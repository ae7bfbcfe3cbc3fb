"""The row of an invocation, as far as decisions need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from awaken.runtime.store import Store

__all__ = ["InvocationRow", "find", "read"]


class InvocationRow(NamedTuple):
    """One invocation, as it is in the store right now; a snapshot that does not follow."""

    seq: int
    id: str
    status: str
    service: str
    key: str | None
    handler: str
    kind: str | None
    scope: str | None
    limit_key: str | None
    idempotency_key: str | None
    invoked_by: str
    created_at: int
    modified_at: int
    scheduled_start_at: int | None
    completion_retention_ms: int
    journal_retention_ms: int
    completion_expires_at: int | None
    deployment_id: str | None
    protocol_version: int | None
    retry_count: int
    counted_failures: int
    failures_since_entry: int
    next_retry_at: int | None
    last_failure: str | None
    future: bytes | None
    news_from: int | None
    result_value: bytes | None
    failure_code: int | None
    failure_message: str | None
    failure_metadata: str | None
    failure_stacktrace: str | None

    @property
    def is_exclusive(self) -> bool:
        """Whether it holds its key, or waits for it."""
        return self.kind in ("exclusive", "workflow")


_SELECT = f"SELECT {', '.join(InvocationRow._fields)} FROM invocation WHERE "  # noqa: S608 - names of this file
_BY_SEQ = _SELECT + "seq = ?"
_BY_ID = _SELECT + "id = ?"


def read(store: Store, seq: int) -> InvocationRow | None:
    """Read an invocation by its row."""
    row = store.fetch(_BY_SEQ, (seq,)).fetchone()
    return None if row is None else InvocationRow._make(row)


def find(store: Store, invocation_id: str) -> InvocationRow | None:
    """Read an invocation by its id."""
    row = store.fetch(_BY_ID, (invocation_id,)).fetchone()
    return None if row is None else InvocationRow._make(row)
