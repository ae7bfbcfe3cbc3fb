"""Values of the plane as messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from awaken.control.awakeables import AwakeableState, Outcome
from awaken.control.v1 import awakeables_pb2, common_pb2, invocations_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.control.awakeables import Seen
    from awaken.control.invocations import Result
    from awaken.control.pending import Pending

__all__ = ["awakeable", "completion", "entry", "invocation", "pending", "result"]

_STATES: Final = {
    AwakeableState.PENDING: awakeables_pb2.Awakeable.STATE_PENDING,
    AwakeableState.COMPLETED: awakeables_pb2.Awakeable.STATE_COMPLETED,
    AwakeableState.NOT_AWAITED: awakeables_pb2.Awakeable.STATE_NOT_AWAITED,
    AwakeableState.INVOCATION_COMPLETED: awakeables_pb2.Awakeable.STATE_INVOCATION_COMPLETED,
}
_OUTCOMES: Final = {
    Outcome.APPLIED: awakeables_pb2.CompletionResponse.OUTCOME_APPLIED,
    Outcome.ACCEPTED: awakeables_pb2.CompletionResponse.OUTCOME_ACCEPTED,
}


def completion(outcome: Outcome) -> awakeables_pb2.CompletionResponse:
    """Return what became of a completion."""
    return awakeables_pb2.CompletionResponse(outcome=_OUTCOMES[outcome])


def pending(found: Pending) -> awakeables_pb2.Awakeable:
    """Return an awakeable that is waited for."""
    return awakeables_pb2.Awakeable(
        id=found.id,
        invocation_id=found.invocation_id,
        target=_target(found.service, found.handler, found.key),
        state=awakeables_pb2.Awakeable.STATE_PENDING,
        since=_time(found.since),
        name=found.name,
        type_name=found.type_name,
        labels=dict(found.labels),
        expires_at=_expiry(found.expires_at_ms),
    )


def awakeable(seen: Seen) -> awakeables_pb2.Awakeable:
    """Return an awakeable that was asked for."""
    if seen.pending is not None:
        message = pending(seen.pending)
        message.state = _STATES[seen.state]
        return message
    return awakeables_pb2.Awakeable(
        id=seen.id,
        invocation_id=seen.invocation_id,
        target=_target(seen.service, seen.handler, seen.key),
        state=_STATES[seen.state],
    )


def result(ended: Result) -> invocations_pb2.InvocationResult:
    """Return how an invocation ended."""
    if ended.failure is None:
        return invocations_pb2.InvocationResult(invocation_id=ended.invocation_id, value=ended.value)
    failure = common_pb2.Failure(
        code=ended.failure.code, message=ended.failure.message, metadata=dict(ended.failure.metadata)
    )
    return invocations_pb2.InvocationResult(invocation_id=ended.invocation_id, failure=failure)


def invocation(row: Mapping[str, Any]) -> invocations_pb2.Invocation:
    """Return a row of `sys_invocation`."""
    return invocations_pb2.Invocation(
        id=row["id"],
        target=_target(row["target_service_name"], row["target_handler_name"], row.get("target_service_key")),
        status=row["status"],
        created_at=_time(row.get("created_at")),
        modified_at=_time(row.get("modified_at")),
        retry_count=row.get("retry_count") or 0,
        last_failure=row.get("last_failure") or "",
        completion_result=row.get("completion_result") or "",
        completion_failure=row.get("completion_failure") or "",
    )


def entry(row: Mapping[str, Any]) -> invocations_pb2.JournalEntry:
    """Return a row of `sys_journal`."""
    return invocations_pb2.JournalEntry(
        index=row["index"],
        entry_type=row.get("entry_type") or "",
        name=row.get("name") or "",
        appended_at=_time(row.get("appended_at")),
    )


def _target(service: str, handler: str, key: str | None) -> common_pb2.Target:
    return common_pb2.Target(service=service, handler=handler, key=key)


def _expiry(milliseconds: int | None) -> Timestamp | None:
    if milliseconds is None:
        return None
    stamp = Timestamp()
    stamp.FromMilliseconds(milliseconds)
    return stamp


def _time(text: str | None) -> Timestamp | None:
    if text is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(datetime.fromisoformat(text).astimezone(UTC))
    return stamp
