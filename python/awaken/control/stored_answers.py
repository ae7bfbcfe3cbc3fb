"""Results of awakeables in the journals that a runtime keeps, newest first, without their values.

A Restate server has no index for them: it reads every journal for a page.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from awaken.control.errors import InvalidRequestError
from awaken.control.journal_results import signal_of
from awaken.control.operations import StoredAnswer, StoredAnswerPage
from awaken.control.sql import equal, quote_sql, select
from awaken.outcomes import FIRST_AWAKEABLE
from awaken.timing.timestamps import format_time, read_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.control.reads import Asks

__all__ = ["list_answers_from_tables"]

_COLUMNS: Final = ("id", '"index"', "entry_lite_json", "raw_length", "appended_at")
_TOKEN: Final = re.compile(r"([0-9]{1,15})\.(inv_[0-9A-Za-z]{1,100})\.([0-9]{1,10})", re.ASCII)


async def list_answers_from_tables(
    tables: Asks, service: str | None, key: str | None, limit: int, after: str | None
) -> StoredAnswerPage:
    """List results of awakeables, newest first. Arguments as of `Operations.stored_answers`.

    Raises:
        InvalidRequestError: `after` is not from a page before.
    """
    conditions = [
        "entry_type = 'Notification: Signal'",
        """entry_lite_json LIKE '%"SignalIndex":%'""",
    ]
    of = equal({"target_service_name": service, "target_service_key": key})
    if of:
        conditions.append(f"id IN ({select(('id',), 'sys_invocation', of, order='id')})")
    at_ms, beyond = None, None
    if after is not None:
        at_ms, *beyond = _read_token(after)
        conditions.append(f"appended_at <= {quote_sql(format_time(at_ms))}")
    found: list[StoredAnswer] = []
    offset = 0
    size = limit + 1
    while len(found) <= limit:
        order = 'appended_at DESC, id, "index"'
        sql = select(_COLUMNS, "sys_journal", conditions, order=order, limit=size, offset=offset)
        rows = await tables.ask(sql)
        offset += len(rows)
        for row in rows:
            one = _read(row)
            if one is None or (at_ms == one.at_ms and [one.invocation_id, one.index] <= (beyond or [])):
                continue
            found.append(one)
        if len(rows) < size:
            break
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    token = None if last is None else f"{last.at_ms}.{last.invocation_id}.{last.index}"
    return StoredAnswerPage(tuple(page), token)


def _read(row: Mapping[str, Any]) -> StoredAnswer | None:
    signal = signal_of(row)
    if signal is None or signal < FIRST_AWAKEABLE:
        return None
    at_ms = read_time(row.get("appended_at")) or 0
    return StoredAnswer(row["id"], row["index"], signal, at_ms, row.get("raw_length", 0))


def _read_token(token: str) -> tuple[int, str, int]:
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise InvalidRequestError(f"{token[:100]!r} is not a page token; use the one of the answer before")
    at_ms, invocation_id, index = match.groups()
    return int(at_ms), invocation_id, int(index)
