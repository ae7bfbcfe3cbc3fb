"""Reads a part of a journal from a runtime, with what its rows need from elsewhere. Every question is bounded.

A journal may have a hundred thousand entries. A part has as many as a page shows; what completed its commands may come
much later, and is looked for up to a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken.control.reads import is_invocation
from awaken.control.sql import quote_sql, select
from awaken.inbox.timeline.entries import Entry, Side, read_entries
from awaken.inbox.timeline.values import value_of
from awaken.links.description import ENTRY_PREFIX, read_description

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.control.operations import Operations

__all__ = ["PART", "JournalPart", "is_sealed", "read_part", "read_value"]

#: Entries of a part.
PART: Final = 200
#: Entries that are read at once, and at most, to find out what completed those of a part.
_AHEAD: Final = 2_000
_FARTHEST: Final = 20_000
#: Events of an invocation: the embedded runtime keeps a hundred.
_EVENTS: Final = 300
#: Answers that are read of the approvals of a part, and bytes of each.
_ANSWERS: Final = 200
_LARGEST_ANSWER: Final = 64 * 1024
_COLUMNS: Final = ('"index"', "entry_type", "name", "appended_at", "entry_lite_json", "raw_length")
_EVENT_COLUMNS: Final = ("appended_at", "event_type", "event_json")


@dataclass(frozen=True, slots=True)
class JournalPart:
    """A part of a journal."""

    #: Index of its first entry.
    first: int
    #: Entries of the whole journal.
    size: int
    entries: list[Entry]
    #: Notifications after it that complete its commands, and signals.
    later: list[Entry]
    #: Rows of `sys_journal_events` of the whole invocation, in order.
    events: list[dict[str, Any]]
    #: Values of signals that answer approvals, by the index of their entry.
    values: Mapping[int, bytes]
    #: Whether the end of what began here may be later than was looked for.
    is_cut: bool = False
    #: Whether a handler reads answers through a codec that this process does not have.
    is_sealed: bool = False

    @property
    def next(self) -> int | None:
        """Where the next part begins."""
        return self.first + PART if self.first + PART < self.size else None

    @property
    def previous(self) -> int | None:
        """Where the part before begins."""
        return max(0, self.first - PART) if self.first else None


async def read_part(
    operations: Operations, invocation_id: str, service: str, size: int, first: int | None
) -> JournalPart:
    """Read a part of a journal.

    Args:
        operations: of the runtime.
        invocation_id: whose journal.
        service: of the invocation.
        size: entries of the whole journal.
        first: where it begins; None for the last part.

    Raises:
        InvalidIdError: the id is malformed.
    """
    start = max(0, size - PART) if first is None else min(first, max(0, size - 1))
    rows = await _rows(operations, invocation_id, start, start + PART)
    entries = read_entries(rows)
    later, is_cut = await _later(operations, invocation_id, entries, start + PART, size)
    order, is_mine = "appended_at DESC", [is_invocation(invocation_id)]
    events = await operations.ask(
        select(_EVENT_COLUMNS, "sys_journal_events", is_mine, order=order, limit=_EVENTS)
    )
    values, is_sealed = await _answers(operations, invocation_id, service, entries, later)
    return JournalPart(start, size, entries, later, events[::-1], values, is_cut, is_sealed)


async def read_value(
    operations: Operations, invocation_id: str, index: int, largest: int
) -> dict[str, Any] | None:
    """Return the row of one entry, with `entry_json` unless it is larger; None if there is no such entry."""
    columns = ('"index"', "entry_type", "name", "raw_length", "appended_at")
    small = f"CASE WHEN raw_length <= {largest} THEN entry_json END AS entry_json"
    conditions = [is_invocation(invocation_id), f'"index" = {index}']
    rows = await operations.ask(
        select((*columns, small), "sys_journal", conditions, order='"index"', limit=1)
    )
    return rows[0] if rows else None


async def is_sealed(operations: Operations, invocation_id: str, service: str) -> bool:
    """Return whether a handler is known to use a codec that this process does not have, from one of its callbacks."""
    if operations.codec_of(service) is not None:
        return False
    conditions = [
        is_invocation(invocation_id),
        "entry_type = 'Command: Sleep'",
        f"name LIKE {quote_sql(ENTRY_PREFIX + '%')}",
    ]
    for row in await operations.ask(
        select(("name",), "sys_journal", conditions, order='"index"', limit=_EVENTS)
    ):
        description = read_description(row.get("name") or "")
        if description is not None and description.is_encoded:
            return True
    return False


async def _rows(operations: Operations, invocation_id: str, first: int, end: int) -> list[dict[str, Any]]:
    conditions = [is_invocation(invocation_id), f'"index" >= {first}', f'"index" < {end}']
    return await operations.ask(select(_COLUMNS, "sys_journal", conditions, order='"index"'))


async def _later(
    operations: Operations, invocation_id: str, entries: Sequence[Entry], first: int, size: int
) -> tuple[list[Entry], bool]:
    """Return the notifications after a part that concern it, and whether some may be missing."""
    missing, signals = _unfinished(entries)
    found: list[Entry] = []
    farthest = first
    while (missing or signals) and farthest < min(size, first + _FARTHEST):
        entries = read_entries(await _rows(operations, invocation_id, farthest, farthest + _AHEAD))
        farthest += _AHEAD
        for entry in entries:
            if entry.side is Side.NOTIFICATION and (
                missing.intersection(entry.completions) or entry.signal in signals
            ):
                found.append(entry)
                missing.difference_update(entry.completions)
    return found, bool(missing or signals) and farthest < size


def _unfinished(entries: Sequence[Entry]) -> tuple[set[int], set[int | str]]:
    """Return the completions that entries ask for and do not have, and the signals that callbacks wait for."""
    missing: set[int] = set()
    signals: set[int | str] = set()
    for entry in entries:
        if entry.side is Side.COMMAND:
            missing.update(entry.completions[-1:])
            description = read_description(entry.name) if entry.kind == "Sleep" else None
            if description is not None:
                slots = description.approval.slots if description.approval else 1
                signals.update(range(description.index, description.index + slots))
        elif entry.side is Side.NOTIFICATION:
            missing.difference_update(entry.completions)
            if isinstance(entry.signal, int) and entry.signal in signals:
                # Of an approval more may come; one slot of a callback is all.
                signals.discard(entry.signal)
    return missing, signals


async def _answers(
    operations: Operations, invocation_id: str, service: str, entries: Sequence[Entry], later: Sequence[Entry]
) -> tuple[dict[int, bytes], bool]:
    """Return the answers to the approvals of a part, by entry, and whether there are some that cannot be read."""
    descriptions = [read_description(one.name) for one in entries if one.kind == "Sleep"]
    approvals = [one for one in descriptions if one is not None and one.approval is not None]
    signals = [
        one.index
        for one in (*entries, *later)
        if isinstance(one.signal, int) and any(approval.covers(one.signal) for approval in approvals)
    ][:_ANSWERS]
    codec = operations.codec_of(service)
    is_sealed = codec is None and any(one is not None and one.is_encoded for one in descriptions)
    if not signals or is_sealed:
        return {}, is_sealed
    among = f'"index" IN ({", ".join(map(str, signals))})'
    conditions = [is_invocation(invocation_id), among, f"raw_length <= {_LARGEST_ANSWER}"]
    rows = await operations.ask(select(('"index"', "entry_json"), "sys_journal", conditions, order='"index"'))
    values: dict[int, bytes] = {}
    for row in rows:
        value = value_of(row.get("entry_json"))
        if isinstance(value, bytes):
            try:
                values[row["index"]] = value if codec is None else await (await codec.get()).decode(value)
            except Exception:  # of the codec: somebody else wrote the value, or its keys are gone
                is_sealed = True
    return values, is_sealed
