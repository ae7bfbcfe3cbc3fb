"""The row of an invocation, with the columns that decisions need."""

from __future__ import annotations

from typing import NamedTuple

from awaken.control.operations import Target

__all__ = ["InvocationRow"]


class InvocationRow(NamedTuple):
    """One invocation as it was when it was read. Later changes of the row are not seen here."""

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
    running_at: int | None
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
    unseen_from: int | None
    #: None if it is in a payload of its own.
    result_value: bytes | None
    result_payload_id: int | None
    result_offset: int | None
    failure_code: int | None
    failure_message: str | None
    failure_metadata: str | None
    failure_stacktrace: str | None

    @property
    def target(self) -> Target:
        """The handler that it runs, and the key."""
        return Target(self.service, self.handler, self.key)

    @property
    def is_exclusive(self) -> bool:
        """Whether it holds its key or waits for it."""
        return self.kind in ("exclusive", "workflow")
