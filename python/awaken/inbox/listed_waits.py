"""What the invocations of a list wait for: the first question of each, with one query more for a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken import _core
from awaken.control.describing_timers import Timers
from awaken.control.futures import awaited_awakeables
from awaken.control.reads import find_timers
from awaken.errors import InvalidIdError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.control.operations import Operations

__all__ = ["AWAITED_COLUMN", "ListedWait", "find_listed_waits"]

#: Characters of the tree of what is awaited: a handler may wait for thousands, and a list names one.
_LONGEST_TREE: Final = 20_000
_TREE: Final = "coalesce(suspended_waiting_future_json, last_awaiting_on_future_json)"
#: Column of `sys_invocation` that `find_listed_waits` reads.
AWAITED_COLUMN: Final = f"CASE WHEN length({_TREE}) <= {_LONGEST_TREE} THEN {_TREE} END AS awaited"
#: Timers of a page that are read.
_MOST_TIMERS: Final = 1_000
_WAITING: Final = frozenset(("running", "suspended"))


@dataclass(frozen=True, slots=True)
class ListedWait:
    """A question that an invocation waits for."""

    #: What people called it; text from outside.
    name: str
    awakeable_id: str
    #: How many more are awaited beside it.
    others: int


async def find_listed_waits(
    operations: Operations, rows: Sequence[Mapping[str, Any]]
) -> dict[str, ListedWait]:
    """Return what invocations wait for, by id; those that wait for nothing from outside are absent.

    Args:
        operations: the runtime.
        rows: of `sys_invocation`, with `AWAITED_COLUMN`.

    Raises:
        OperationError: the runtime cannot be asked.
    """
    awaited: dict[str, set[int]] = {}
    for row in rows:
        indexes = awaited_awakeables(row.get("awaited")) if row.get("status") in _WAITING else set()
        if indexes and _awakeable_id(row["id"], 0) is not None:
            awaited[row["id"]] = indexes
    timers = await find_timers(operations, awaited, _MOST_TIMERS)
    found = {}
    for invocation_id, indexes in awaited.items():
        described = timers.get(invocation_id, Timers())
        names: dict[int, str] = {}  # by the first awakeable: slots of one approval are one question
        for index in sorted(indexes):
            timer = described.find(index)
            first = index if timer is None else timer.description.index
            names.setdefault(first, "" if timer is None else timer.description.name)
        first, name = next(((first, name) for first, name in names.items() if name), (min(names), ""))
        awakeable_id = _awakeable_id(invocation_id, first)
        if awakeable_id is not None:
            found[invocation_id] = ListedWait(name or f"awakeable {first}", awakeable_id, len(names) - 1)
    return found


def _awakeable_id(invocation_id: str, index: int) -> str | None:
    try:
        return _core.format_awakeable_id(_core.parse_invocation_id(invocation_id), index)
    except (InvalidIdError, OverflowError):  # of a damaged row
        return None
