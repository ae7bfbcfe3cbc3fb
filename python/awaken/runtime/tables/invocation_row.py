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
    completion_expires_at: int | None = None
    deployment_id: str | None = None
    protocol_version: int | None = None
    retry_count: int = 0
    counted_failures: int = 0
    failures_since_entry: int = 0
    next_retry_at: int | None = None
    last_failure: str | None = None
    future: bytes | None = None
    unseen_from: int | None = None
    #: None if it is in a payload of its own.
    result_value: bytes | None = None
    result_payload_id: int | None = None
    result_offset: int | None = None
    failure_code: int | None = None
    failure_message: str | None = None
    failure_metadata: str | None = None
    failure_stacktrace: str | None = None

    @property
    def target(self) -> Target:
        """The handler that it runs, and the key."""
        return Target(self.service, self.handler, self.key)

    def pinned(self, deployment_id: str, protocol_version: int) -> InvocationRow:
        """Return it as it is when it is pinned to a deployment and a protocol version."""
        before, after = self[:_PIN], self[_PIN + 2 :]
        return InvocationRow._make((*before, deployment_id, protocol_version, *after))

    @property
    def is_exclusive(self) -> bool:
        """Whether it holds its key or waits for it."""
        return self.kind in ("exclusive", "workflow")


#: Where the two columns are.
_PIN = InvocationRow._fields.index("deployment_id")
