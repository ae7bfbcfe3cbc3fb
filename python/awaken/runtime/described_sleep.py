"""Stored sleeps whose names describe a callback or an approval: they are its timer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken import _core
from awaken.errors import RemoteProtocolError
from awaken.links.description import read_description
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from awaken.links.description import CallbackDescription

__all__ = ["SLEEP", "DescribedSleep", "read_described_sleep"]

#: The type code of a Sleep command.
SLEEP: Final = 0x040C


@dataclass(frozen=True, slots=True)
class DescribedSleep:
    """A sleep that is the timer of a callback or an approval.

    Args:
        description: of the callback or the approval.
        completion_id: of the command.
        wake_up_ms: when it is over, in UTC milliseconds, at most `LAST_MS`.
    """

    description: CallbackDescription
    completion_id: int
    wake_up_ms: int


def read_described_sleep(payload: bytes) -> DescribedSleep | None:
    """Return what a stored Sleep command says; None if it was damaged, or describes nothing."""
    try:
        entry = _core.describe_entry(SLEEP, payload)
    except RemoteProtocolError:
        return None
    description = read_description(entry.name or "")
    if description is None:
        return None
    sleep: dict[str, Any] = json.loads(entry.lite_json)["Command"]["Sleep"]
    # The timer of another endpoint may end when no date does.
    return DescribedSleep(description, sleep["completion_id"], min(sleep["wake_up_time"], LAST_MS))
