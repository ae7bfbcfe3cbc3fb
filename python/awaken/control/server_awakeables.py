"""Pending awakeables of a Restate server, rebuilt from what its tables show of suspended and running invocations.

Creating an awakeable writes nothing, so a server knows of one when its handler awaits it: over protocol 7 at once, over
earlier ones once the handler is suspended. It then shows a tree of futures whose leaves name signals by index, and an
awakeable's id is its invocation's id and that index.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from awaken import _core
from awaken.control.futures import describe_besides
from awaken.control.operations import AwakeablePage, AwakeableView
from awaken.control.reads import target_of
from awaken.control.sql import equal, quote_sql, read_offset, select
from awaken.links.description import ENTRY_PREFIX, read_description
from awaken.timing.time_limits import LAST_MS
from awaken.timing.timestamps import read_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from awaken.control.reads import Asks
    from awaken.links.description import CallbackDescription

__all__ = ["list_from_tables"]

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
    ids = ", ".join(sorted({quote_sql(one.invocation_id) for one in found}))
    conditions = (
        "entry_type = 'Command: Sleep'",
        f"name LIKE {quote_sql(ENTRY_PREFIX + '%')}",
        f"id IN ({ids})",
    )
    columns = ("id", "name", "entry_json", "appended_at")
    timers = {}
    for row in await tables.ask(select(columns, "sys_journal", conditions, order='id, "index"')):
        description = read_description(row.get("name") or "")
        if description is not None:
            timers[row["id"], description.index] = (description, row)
    described = (
        one if timer is None else _add_callback(one, *timer)
        for one in found
        for timer in (timers.get((one.invocation_id, one.index)),)
    )
    return tuple(sorted(described, key=lambda one: one.since_ms or 0))


def _add_callback(
    one: AwakeableView, description: CallbackDescription, timer: Mapping[str, Any]
) -> AwakeableView:
    return replace(
        one,
        since_ms=read_time(timer.get("appended_at")) or one.since_ms,
        name=description.name or None,
        type_name=description.type_name or None,
        labels=description.labels,
        expires_at_ms=wake_up_time(timer.get("entry_json")),
    )


def wake_up_time(entry: str | None) -> int | None:
    """Return when the timer of a Sleep entry ends, from the entry's JSON."""
    sleep: Any = json.loads(entry or "{}").get("Command", {}).get("Sleep", {})
    time = sleep.get("wake_up_time") if isinstance(sleep, dict) else None
    # That of another endpoint may end when no date does.
    return min(time, LAST_MS) if isinstance(time, int) else None
