"""Values of `Operations` as messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from awaken.control.operations import AwakeableState, Success
from awaken.control.reads import target_of
from awaken.control.v1 import awakeables_pb2, common_pb2, invocations_pb2
from awaken.outcomes import AwakeableOutcome
from awaken.timing.time_limits import LAST_MS
from awaken.timing.timestamps import read_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.protobuf.message import Message

    from awaken.approvals import ApprovalFacts
    from awaken.control.answering import AnswerOutcome
    from awaken.control.operations import AwakeableView, Completion, Target

__all__ = ["awakeable", "completion", "count_fitting", "entry", "invocation", "result"]

#: Bytes of a list: clients take messages of 4 MB if they are not told otherwise, and keys may be long.
_LIST_SIZE: Final = 3_000_000
#: Characters of one text that is no payload: the beginning of a failure, or of a name, says enough.
_TEXT_SIZE: Final = 500_000

#: The largest number of a field of type uint32.
_MAX_NUMBER: Final = 2**32 - 1
_STATES: Final = {
    AwakeableState.PENDING: awakeables_pb2.Awakeable.STATE_PENDING,
    AwakeableState.COMPLETED: awakeables_pb2.Awakeable.STATE_COMPLETED,
    AwakeableState.NOT_AWAITED: awakeables_pb2.Awakeable.STATE_NOT_AWAITED,
    AwakeableState.INVOCATION_COMPLETED: awakeables_pb2.Awakeable.STATE_INVOCATION_COMPLETED,
}
_OUTCOMES: Final = {
    AwakeableOutcome.APPLIED: awakeables_pb2.CompletionResponse.OUTCOME_APPLIED,
    AwakeableOutcome.ACCEPTED: awakeables_pb2.CompletionResponse.OUTCOME_ACCEPTED,
}


def completion(told: AnswerOutcome) -> awakeables_pb2.CompletionResponse:
    """Return the outcome of a completion that was not refused."""
    return awakeables_pb2.CompletionResponse(
        outcome=_OUTCOMES.get(told.outcome or AwakeableOutcome.ACCEPTED), missing_approvals=told.missing
    )


def awakeable(one: AwakeableView) -> awakeables_pb2.Awakeable:
    """Return an awakeable."""
    return awakeables_pb2.Awakeable(
        id=one.awakeable_id,
        invocation_id=one.invocation_id,
        target=_target(one.target),
        state=_STATES[one.state],
        since=_time(one.since_ms),
        name=one.name or "",
        type_name=one.type_name or "",
        labels=dict(one.labels),
        expires_at=_time(one.expires_at_ms),
        question_id=one.question_id,
        approval=None if one.approval is None else _approval(one, one.approval),
    )


def _approval(one: AwakeableView, facts: ApprovalFacts) -> awakeables_pb2.Approval:
    return awakeables_pb2.Approval(
        approvers=facts.people(),
        not_by=facts.not_by,
        quorum=facts.quorum,
        rejections=facts.rejections,
        answers=one.answer_count,
    )


def count_fitting(messages: Sequence[Message]) -> int:
    """Return how many messages of a list fit into one answer: at least one, if there is one."""
    size = 0
    for count, message in enumerate(messages):
        size += message.ByteSize()
        if size > _LIST_SIZE and count:
            return count
    return len(messages)


def result(ended: Completion) -> invocations_pb2.InvocationResult:
    """Return how an invocation ended."""
    outcome = ended.result
    if isinstance(outcome, Success):
        return invocations_pb2.InvocationResult(invocation_id=ended.invocation_id, value=outcome.value)
    failure = common_pb2.Failure(code=outcome.code, message=outcome.message, metadata=dict(outcome.metadata))
    return invocations_pb2.InvocationResult(invocation_id=ended.invocation_id, failure=failure)


def invocation(row: Mapping[str, Any]) -> invocations_pb2.Invocation:
    """Return a row of `sys_invocation`."""
    return invocations_pb2.Invocation(
        id=row["id"],
        target=_target(target_of(row)),
        status=row["status"],
        created_at=_time(read_time(row.get("created_at"))),
        modified_at=_time(read_time(row.get("modified_at"))),
        retry_count=_number(row.get("retry_count")),
        last_failure=(row.get("last_failure") or "")[:_TEXT_SIZE],
        completion_result=row.get("completion_result") or "",
        completion_failure=(row.get("completion_failure") or "")[:_TEXT_SIZE],
    )


def entry(row: Mapping[str, Any]) -> invocations_pb2.JournalEntry:
    """Return a row of `sys_journal`."""
    return invocations_pb2.JournalEntry(
        index=_number(row["index"]),
        entry_type=row.get("entry_type") or "",
        name=(row.get("name") or "")[:_TEXT_SIZE],
        appended_at=_time(read_time(row.get("appended_at"))),
    )


def _target(target: Target) -> common_pb2.Target:
    return common_pb2.Target(service=target.service, handler=target.handler, key=target.key)


def _time(at_ms: int | None) -> Timestamp | None:
    if at_ms is None:
        return None
    stamp = Timestamp()
    stamp.FromMilliseconds(min(max(at_ms, 0), LAST_MS))  # a damaged row may have others
    return stamp


def _number(value: int | None) -> int:
    """Return what fits the field; a damaged row may have more."""
    return min(max(value or 0, 0), _MAX_NUMBER)
