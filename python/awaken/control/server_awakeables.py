"""Pending awakeables of a Restate server, rebuilt from what its tables show of suspended and running invocations.

Creating an awakeable writes nothing, so a server knows of one when its handler awaits it: over protocol 7 at once, over
earlier ones once the handler is suspended. It then shows a tree of futures whose leaves name signals by index, and an
awakeable's id is its invocation's id and that index.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from awaken import _core
from awaken.control.describing_timers import Timers, describe_view
from awaken.control.futures import awaited_awakeables, describe_besides
from awaken.control.operations import AwakeablePage, AwakeableView
from awaken.control.reads import find_timers, target_of
from awaken.control.sql import equal, read_offset, select
from awaken.timing.timestamps import read_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from awaken.control.reads import Asks

__all__ = ["count_from_tables", "list_from_tables"]

_WAITING: Final = "status IN ('running', 'backing-off', 'suspended', 'paused')"
_COLUMNS: Final = (
    *("id", "target_service_name", "target_service_key", "target_handler_name", "status", "modified_at"),
    *("suspended_waiting_future_json", "last_awaiting_on_future_json"),
)


async def list_from_tables(
    tables: Asks,
    service: str | None,
    key: str | None,
    invocation_id: str | None,
    limit: int,
    after: str | None,
) -> AwakeablePage:
    """List pending awakeables, those first whose invocations changed longest ago.

    A server does not store when a handler began to wait. `since_ms` is when the awakeable's callback was created, if it
    is one, and else when the invocation changed last, which a retry or a restart moves on. A page ends after the
    invocation that fills it.

    Raises:
        InvalidRequestError: `after` is not from a page before.
    """
    columns = {"target_service_name": service, "target_service_key": key, "id": invocation_id}
    conditions = [_WAITING, *equal(columns)]
    offset = read_offset(after or "")
    found: list[AwakeableView] = []
    while True:
        order = "modified_at, id"
        sql = select(_COLUMNS, "sys_invocation", conditions, order=order, limit=limit, offset=offset)
        rows = await tables.ask(sql)
        for row in rows:
            offset += 1
            found += pending_awakeables(row)
            if len(found) >= limit:
                return AwakeablePage(await _describe(tables, found), str(offset))
        if len(rows) < limit:
            return AwakeablePage(await _describe(tables, found))


async def count_from_tables(tables: Asks, most: int) -> int:
    """Return how many awakeables handlers wait for, at most `most`."""
    awaiting = "coalesce(suspended_waiting_future_json, last_awaiting_on_future_json)"
    conditions = [_WAITING, f"""{awaiting} LIKE '%"SignalIndex":%'"""]
    sql = select((f"{awaiting} AS awaiting",), "sys_invocation", conditions, order="id", limit=most)
    rows = await tables.ask(sql)
    return min(sum(len(awaited_awakeables(row.get("awaiting"))) for row in rows), most)


def pending_awakeables(row: Mapping[str, Any]) -> Iterator[AwakeableView]:
    """Yield the awakeables that an invocation waits for; `row` has the `_COLUMNS` that are not NULL."""
    text = row.get("suspended_waiting_future_json") or row.get("last_awaiting_on_future_json")
    for index, beside in sorted(describe_besides(text).items()):
        yield AwakeableView(
            _core.format_awakeable_id(_core.parse_invocation_id(row["id"]), index),
            row["id"],
            target_of(row),
            row["status"],
            read_time(row.get("modified_at")),
            beside=beside,
        )


async def _describe(tables: Asks, found: Sequence[AwakeableView]) -> tuple[AwakeableView, ...]:
    """Add what the journals show of callbacks."""
    if not found:
        return ()
    timers = await find_timers(tables, (one.invocation_id for one in found))
    described = (_add_callback(one, timers.get(one.invocation_id, Timers())) for one in found)
    return tuple(sorted(described, key=lambda one: one.since_ms or 0))


def _add_callback(one: AwakeableView, timers: Timers) -> AwakeableView:
    timer = timers.find(one.index)
    if timer is None:
        return one
    return describe_view(replace(one, since_ms=timer.created_at_ms or one.since_ms), timer)
