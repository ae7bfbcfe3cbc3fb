"""Timers that describe callbacks and approvals, as `sys_journal` shows them, and awakeables with what they say."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from awaken.links.description import read_description
from awaken.timing.time_limits import LAST_MS
from awaken.timing.timestamps import read_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from awaken.control.operations import AwakeableView
    from awaken.links.description import CallbackDescription

__all__ = ["TIMER_COLUMNS", "DescribingTimer", "Timers", "describe_view", "read_timer"]

#: Columns of `sys_journal` that `read_timer` reads.
TIMER_COLUMNS: Final = ("id", "name", "entry_json", "appended_at")


@dataclass(frozen=True, slots=True)
class DescribingTimer:
    """The timer of a callback or approval."""

    description: CallbackDescription
    #: When it ends, in UTC milliseconds; None if the journal does not tell.
    expires_at_ms: int | None
    #: When it was stored, in UTC milliseconds.
    created_at_ms: int | None
    #: The completion that its end has in the journal.
    completion_id: int | None = None


def read_timer(row: Mapping[str, Any]) -> DescribingTimer | None:
    """Return the timer in a row; None if it describes nothing."""
    description = read_description(row.get("name") or "")
    if description is None:
        return None
    sleep = _sleep_of(row.get("entry_json"))
    wake_up_time, completion_id = sleep.get("wake_up_time"), sleep.get("completion_id")
    return DescribingTimer(
        description,
        # That of another endpoint may end when no date does.
        min(wake_up_time, LAST_MS) if type(wake_up_time) is int else None,
        read_time(row.get("appended_at")),
        completion_id if type(completion_id) is int else None,
    )


class Timers:
    """The timers of one invocation that describe something, by what they describe. The first of several counts."""

    __slots__ = ("_approvals", "_callbacks")

    def __init__(self, timers: Iterable[DescribingTimer | None] = ()) -> None:
        self._callbacks: dict[int, DescribingTimer] = {}
        self._approvals: list[DescribingTimer] = []
        for timer in timers:
            if timer is not None:
                self.add(timer)

    def add(self, timer: DescribingTimer) -> None:
        """Add one that is behind the others in the journal."""
        if timer.description.approval is None:
            self._callbacks.setdefault(timer.description.index, timer)
        else:
            self._approvals.append(timer)

    def find(self, index: int) -> DescribingTimer | None:
        """Return the timer that describes the awakeable of a signal, or an approval of which it is a slot."""
        found = self._callbacks.get(index)
        return found or next((one for one in self._approvals if one.description.covers(index)), None)


def describe_view(one: AwakeableView, timer: DescribingTimer) -> AwakeableView:
    """Return an awakeable with what its timer says.

    A handler awaits the slots of an approval one after the other; the whole of it waits since it was described.
    """
    description = timer.description
    approval = description.approval
    return replace(
        one,
        since_ms=one.since_ms if approval is None else timer.created_at_ms or one.since_ms,
        name=description.name or None,
        type_name=description.type_name or None,
        labels=description.labels,
        expires_at_ms=timer.expires_at_ms,
        approval=approval,
        has_document=description.has_document,
        first_index=None if approval is None else description.index,
    )


def _sleep_of(entry_json: str | None) -> dict[str, Any]:
    try:
        sleep: Any = json.loads(entry_json or "{}").get("Command", {}).get("Sleep", {})
    except (ValueError, AttributeError, RecursionError):
        return {}
    return sleep if isinstance(sleep, dict) else {}
