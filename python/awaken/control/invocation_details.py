"""Everything that a runtime reports about one invocation."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken.control.reads import find_invocation, is_invocation
from awaken.control.sql import quote_sql, select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.control.reads import Asks

__all__ = ["InvocationDetails", "add_causes_of_pauses", "describe_invocation"]

_COLUMNS: Final = (
    *("id", "target", "target_service_ty", "status", "completion_result", "completion_failure"),
    *("invoked_by", "invoked_by_id", "invoked_by_target", "restarted_from", "idempotency_key"),
    *("created_at", "modified_at", "scheduled_at", "scheduled_start_at", "running_at", "completed_at"),
    *("pinned_deployment_id", "pinned_service_protocol_version", "last_attempt_deployment_id"),
    *("journal_size", "retry_count", "next_retry_at", "last_failure", "last_failure_error_code"),
    *("last_failure_related_command_name", "last_failure_related_command_type"),
    *("suspended_waiting_future_json", "last_awaiting_on_future_json"),
)
#: `index` is a word of SQL.
_JOURNAL: Final = ('"index"', "entry_type", "name", "raw_length", "entry_lite_json")
_EVENTS: Final = ("id", "event_type", "event_json")
#: Invocations of one question: each may have a hundred events of 40 KB, most have one or two.
_ASKED_TOGETHER: Final = 50


@dataclass(frozen=True, slots=True)
class InvocationDetails:
    """One invocation."""

    #: Columns of `sys_invocation` that have a value, in a fixed order.
    facts: dict[str, Any]
    #: Rows of `sys_journal`, without the entries' payloads.
    journal: list[dict[str, Any]]


async def describe_invocation(operations: Asks, invocation_id: str) -> InvocationDetails:
    """Return what a runtime reports about an invocation.

    Raises:
        InvalidIdError: the id is malformed.
        NotFoundError: there is no such invocation.
    """
    row = await find_invocation(operations, invocation_id, _COLUMNS)
    conditions = [is_invocation(invocation_id)]
    journal = await operations.ask(select(_JOURNAL, "sys_journal", conditions, order='"index"'))
    if row["status"] == "paused":
        events = select(_EVENTS, "sys_journal_events", conditions, order="appended_at")
        row |= _failure_that_paused(await operations.ask(events))
    return InvocationDetails({name: row[name] for name in _COLUMNS if name in row}, journal)


async def add_causes_of_pauses(operations: Asks, rows: Sequence[dict[str, Any]]) -> None:
    """Set `last_failure` in those rows of `sys_invocation` that are paused, where the column is empty."""
    paused = {row["id"]: row for row in rows if row.get("status") == "paused" and not row.get("last_failure")}
    ids = list(paused)
    for start in range(0, len(ids), _ASKED_TOGETHER):
        among = ", ".join(map(quote_sql, ids[start : start + _ASKED_TOGETHER]))
        conditions = [f"id IN ({among})", "event_type = 'Paused'"]
        events: dict[str, list[dict[str, Any]]] = {}
        for event in await operations.ask(
            select(_EVENTS, "sys_journal_events", conditions, order="appended_at")
        ):
            events.setdefault(event["id"], []).append(event)
        for invocation_id, found in events.items():
            paused[invocation_id].update(_failure_that_paused(found))


def _failure_that_paused(events: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return what paused an invocation, as the column that is empty then. Operators pause without a failure, too."""
    found = [event for event in events if event.get("event_type") == "Paused"]
    failure = json.loads(found[-1]["event_json"]).get("last_failure") if found else None
    if not isinstance(failure, dict):
        return {}
    text, trace = str(failure.get("error_message", "")), str(failure.get("error_stacktrace") or "")
    if trace and trace not in text:
        text = f"{text}\n{trace}"
    has_code = re.match(r"\[\d{3}\b", text)  # the embedded runtime's text begins as the column does
    return {"last_failure": text if has_code else f"[{failure.get('error_code')}] {text}"}
