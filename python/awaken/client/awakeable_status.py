"""Whether an awakeable is still open, as the admin API shows it."""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["AwakeableStatus", "read_status", "status_query"]


class AwakeableStatus(Enum):
    """What would become of a result given to the awakeable now."""

    #: It counts, if it is the first.
    OPEN = "open"
    #: The awakeable has a result already.
    COMPLETED = "completed"
    #: The invocation has not started; a server would drop the result.
    NOT_STARTED = "not-started"
    #: The invocation has ended without it.
    INVOCATION_ENDED = "invocation-ended"
    #: There is no such invocation, or it is no longer retained.
    UNKNOWN_INVOCATION = "unknown-invocation"


def status_query(invocation_id: str) -> str:
    """Return the SQL that asks for an invocation's status and signals; check the id before."""
    # Select the entries inside the join; with the condition after it, the embedded runtime reads all journals.
    signals = f"SELECT id, entry_lite_json FROM sys_journal WHERE id = '{invocation_id}'"  # noqa: S608
    return (
        "SELECT i.status, j.entry_lite_json FROM sys_invocation i "  # noqa: S608
        f"LEFT JOIN ({signals} AND entry_type = 'Notification: Signal') j ON j.id = i.id "
        f"WHERE i.id = '{invocation_id}'"
    )


def read_status(rows: Sequence[Mapping[str, Any]], signal_index: int) -> AwakeableStatus:
    """Read the rows that answer `status_query`."""
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
