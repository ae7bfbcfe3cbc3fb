"""What is known of an awakeable: what became of a result, and whether one is still waited for."""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING, Any

from awaken.outcomes import OUTCOME_HEADER

if TYPE_CHECKING:
    from awaken.client.operation import Reply

__all__ = ["AwakeableOutcome", "AwakeableStatus", "read_outcome", "read_status", "status_query"]


class AwakeableOutcome(Enum):
    """What became of a result that was given to an awakeable."""

    #: The runtime took it and does not tell more. A server says so whatever happens then.
    ACCEPTED = "accepted"
    #: The awakeable has it.
    APPLIED = "applied"
    #: It had a result already, which stays, or its invocation has ended.
    ALREADY_COMPLETED = "already-completed"
    #: There is no such invocation.
    UNKNOWN_INVOCATION = "unknown-invocation"
    #: The invocation has no such awakeable.
    NOT_AN_AWAKEABLE = "not-an-awakeable"


class AwakeableStatus(Enum):
    """What would become of a result that is given to an awakeable now."""

    #: It counts, if it is the first.
    OPEN = "open"
    #: The awakeable has a result already.
    COMPLETED = "completed"
    #: The invocation has not started, and a server would drop the result.
    NOT_STARTED = "not-started"
    #: The invocation has ended without it.
    INVOCATION_ENDED = "invocation-ended"
    #: There is no such invocation, or it is forgotten.
    UNKNOWN_INVOCATION = "unknown-invocation"


def read_outcome(reply: Reply) -> AwakeableOutcome:
    """Return what the runtime tells; an outcome that this version does not know is an acceptance."""
    try:
        return AwakeableOutcome(reply.headers.get(OUTCOME_HEADER, ""))
    except ValueError:
        return AwakeableOutcome.ACCEPTED


def status_query(invocation_id: str) -> str:
    """Return the SQL that asks for an invocation's status and signals; the id has to be a checked one."""
    return (
        "SELECT i.status, j.entry_lite_json FROM sys_invocation i LEFT JOIN sys_journal j "  # noqa: S608
        f"ON j.id = i.id AND j.entry_type = 'Notification: Signal' WHERE i.id = '{invocation_id}'"
    )


def read_status(reply: Reply, signal_index: int) -> AwakeableStatus:
    """Read the answer to `status_query`."""
    rows: list[dict[str, Any]] = json.loads(reply.body)["rows"]
    if not rows:
        return AwakeableStatus.UNKNOWN_INVOCATION
    if any(_signal_index(row.get("entry_lite_json")) == signal_index for row in rows):
        return AwakeableStatus.COMPLETED
    status = rows[0].get("status")
    if status == "completed":
        return AwakeableStatus.INVOCATION_ENDED
    return AwakeableStatus.NOT_STARTED if status in ("scheduled", "pending") else AwakeableStatus.OPEN


def _signal_index(entry: str | None) -> int | None:
    if entry is None:
        return None
    identifier = json.loads(entry).get("Notification", {}).get("id")
    index = identifier.get("SignalIndex") if isinstance(identifier, dict) else None
    return index if isinstance(index, int) else None
