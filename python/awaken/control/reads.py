"""Reading invocations and awakeables of any runtime: each query is written once, in SQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Protocol

from awaken import _core
from awaken.client.awakeable_id import check_awakeable_id
from awaken.control.describing_timers import TIMER_COLUMNS, Timers, read_timer
from awaken.control.errors import InvalidRequestError, NotFoundError
from awaken.control.operations import STATUSES, AwakeableState, AwakeableView, Target
from awaken.control.sql import equal, quote_sql, select
from awaken.links.description import APPROVAL_PART, ENTRY_PREFIX, entry_start
from awaken.outcomes import LAST_AWAKEABLE, AwakeableOutcome, describe_outcome

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

    from awaken.control.describing_timers import DescribingTimer
    from awaken.control.operations import Operations
    from awaken.links.description import CallbackDescription

__all__ = [
    "Asks",
    "find_awakeable",
    "find_description",
    "find_invocation",
    "find_invocations",
    "find_timer",
    "find_timers",
    "is_invocation",
    "is_stored_result",
    "list_awakeables",
    "list_entries",
    "list_invocations",
    "no_invocation",
    "target_of",
]

_COLUMNS: Final = (
    *("id", "target", "target_service_name", "target_service_key", "target_handler_name", "status"),
    *("created_at", "modified_at", "retry_count", "next_retry_at", "last_failure"),
    *("completion_result", "completion_failure"),
)
#: Characters of a failure's message in a list; an endpoint may write megabytes of them.
_LISTED_MESSAGE: Final = 1000
_LISTED_COLUMNS: Final = tuple(
    f"substr({column}, 1, {_LISTED_MESSAGE}) AS {column}" if column.endswith("_failure") else column
    for column in _COLUMNS
)
#: Bytes of a result that is compared beside others; one of 32 MiB takes half a gigabyte as JSON and list of numbers.
_LARGE: Final = 1024 * 1024
_ENTRY_COLUMNS: Final = ('"index"', "entry_type", "name", "appended_at")
#: The largest page of awakeables.
_WHOLE_PAGE: Final = 1000


class Asks(Protocol):
    """The part of `Operations` that answers queries."""

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        ...


async def find_invocation(
    operations: Asks, invocation_id: str, columns: Sequence[str] = _COLUMNS
) -> dict[str, Any]:
    """Return an invocation's row of `sys_invocation`.

    Raises:
        InvalidIdError: the id is malformed.
        NotFoundError: there is no such invocation.
    """
    rows = await operations.ask(select(columns, "sys_invocation", [is_invocation(invocation_id)], order="id"))
    if not rows:
        raise no_invocation(invocation_id)
    return rows[0]


async def find_invocations(operations: Asks, invocation_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return rows of `sys_invocation`, and sizes of journals, by id. Ids are well-formed; those without are absent."""
    among = f"id IN ({', '.join(map(quote_sql, invocation_ids))})"
    rows = await operations.ask(
        select((*_LISTED_COLUMNS, "journal_size"), "sys_invocation", [among], order="id")
    )
    return {row["id"]: row for row in rows}


def no_invocation(invocation_id: str) -> NotFoundError:
    """Return the error for an id without an invocation."""
    return NotFoundError(
        f"there is no invocation {invocation_id}; it never existed, or its retention is over"
    )


async def list_invocations(
    operations: Asks,
    statuses: Sequence[str] = (),
    service: str | None = None,
    handler: str | None = None,
    key: str | None = None,
    *,
    limit: int = 100,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """List rows of `sys_invocation`, newest first, with the beginning of long failures.

    Raises:
        InvalidRequestError: there is no such status.
    """
    unknown = [status for status in statuses if status not in STATUSES]
    if unknown:
        raise InvalidRequestError(f"there is no status {unknown[0]!r}; it is one of {', '.join(STATUSES)}")
    conditions = [f"status IN ({', '.join(map(quote_sql, statuses))})"] if statuses else []
    columns = {"target_service_name": service, "target_handler_name": handler, "target_service_key": key}
    conditions += equal(columns)
    order = "created_at DESC, id"
    return await operations.ask(
        select(_LISTED_COLUMNS, "sys_invocation", conditions, order=order, limit=limit, offset=offset)
    )


async def list_entries(operations: Asks, invocation_id: str, first: int = 0) -> list[dict[str, Any]]:
    """Return rows of `sys_journal` from an index on. Raises InvalidIdError."""
    conditions = [is_invocation(invocation_id), f'"index" >= {first}']
    return await operations.ask(select(_ENTRY_COLUMNS, "sys_journal", conditions, order='"index"'))


async def list_awakeables(
    operations: Operations,
    service: str | None = None,
    key: str | None = None,
    invocation_id: str | None = None,
) -> AsyncIterator[AwakeableView]:
    """Yield all pending awakeables, longest first, a page at a time."""
    after: str | None = None
    while True:
        page = await operations.awakeables(
            service=service, key=key, invocation_id=invocation_id, limit=_WHOLE_PAGE, after=after
        )
        for one in page.awakeables:
            yield one
        if page.next is None:
            return
        after = page.next


async def find_awakeable(operations: Operations, awakeable_id: str) -> AwakeableView:
    """Return how an awakeable stands; of a pending approval, the slot that takes the next answer.

    Raises:
        InvalidIdError: the id is malformed, or names no awakeable.
        NotFoundError: there is no such invocation, or it cannot have so many awakeables.
    """
    parsed = check_awakeable_id(awakeable_id)
    if parsed.index > LAST_AWAKEABLE:
        raise NotFoundError(describe_outcome(AwakeableOutcome.UNKNOWN, awakeable_id))
    row = await find_invocation(operations, parsed.invocation_id)
    is_completed = await _has_result(operations, parsed.invocation_id, parsed.index)
    if row["status"] != "completed":
        async for one in list_awakeables(operations, invocation_id=parsed.invocation_id):
            if one.awakeable_id == awakeable_id and not is_completed:
                return one
            if one.approval is not None and one.question_id == awakeable_id:
                return one
    if is_completed:
        state = AwakeableState.COMPLETED
    elif row["status"] == "completed":
        state = AwakeableState.INVOCATION_COMPLETED
    else:
        state = AwakeableState.NOT_AWAITED
    return AwakeableView(awakeable_id, parsed.invocation_id, target_of(row), row["status"], state=state)


async def _has_result(operations: Asks, invocation_id: str, index: int) -> bool:
    """Return whether the journal has a result of a signal, whose value may be large."""
    return bool(await operations.ask(_first_result(('"index"',), invocation_id, index)))


def _first_result(columns: Sequence[str], invocation_id: str, index: int) -> str:
    """Return the query for the first result of a signal: no value of another one is read."""
    conditions = [
        is_invocation(invocation_id),
        "entry_type = 'Notification: Signal'",
        f"""entry_lite_json LIKE '%"SignalIndex":{index}}}%'""",
    ]
    return select(columns, "sys_journal", conditions, order='"index"', limit=1)


async def find_description(operations: Asks, invocation_id: str, index: int) -> CallbackDescription | None:
    """Return how a handler described an awakeable, or an approval of which it is a slot; None for a plain one."""
    timer = await find_timer(operations, invocation_id, index, ("name",))
    return None if timer is None else timer.description


async def find_timer(
    operations: Asks, invocation_id: str, index: int, columns: Sequence[str] = TIMER_COLUMNS
) -> DescribingTimer | None:
    """Return the timer that describes an awakeable, or an approval of which it is a slot; None for a plain one."""
    exact = f"name LIKE {quote_sql(entry_start(index) + '%')}"
    approvals = f"name LIKE {quote_sql(f'{ENTRY_PREFIX}%{APPROVAL_PART}%')}"
    conditions = [
        is_invocation(invocation_id),
        "entry_type = 'Command: Sleep'",
        f"({exact} OR {approvals})",
    ]
    rows = await operations.ask(select(columns, "sys_journal", conditions, order='"index"'))
    return Timers(map(read_timer, rows)).find(index)


async def find_timers(
    operations: Asks, invocation_ids: Iterable[str], most: int | None = None
) -> dict[str, Timers]:
    """Return the timers that describe awakeables of invocations, by invocation id; those without are absent.

    Args:
        operations: the runtime.
        invocation_ids: well-formed.
        most: how many timers are read; None reads all.
    """
    ids = sorted({quote_sql(one) for one in invocation_ids})
    if not ids:
        return {}
    conditions = [
        f"id IN ({', '.join(ids)})",
        "entry_type = 'Command: Sleep'",
        f"name LIKE {quote_sql(ENTRY_PREFIX + '%')}",
    ]
    found: dict[str, Timers] = {}
    sql = select(TIMER_COLUMNS, "sys_journal", conditions, order='id, "index"', limit=most)
    for row in await operations.ask(sql):
        timer = read_timer(row)
        if timer is not None:
            found.setdefault(row["id"], Timers()).add(timer)
    return found


async def is_stored_result(
    operations: Asks, invocation_id: str, index: int, result: bytes | str, large: asyncio.Lock
) -> bool | None:
    """Return whether a result is the first one of a signal in the journal; None if there is none.

    Args:
        operations: the runtime.
        invocation_id: whose journal.
        index: of the signal.
        result: a value, or the message of a failure.
        large: held while a large result is compared, so that many of them take the memory of one.
    """
    small_json = f"CASE WHEN raw_length <= {_LARGE} THEN entry_json END AS entry_json"
    rows = await operations.ask(_first_result(("raw_length", small_json), invocation_id, index))
    if not rows or rows[0].get("raw_length", 0) <= _LARGE:
        return _is_result(rows, result)
    async with large:
        return _is_result(await operations.ask(_first_result(("entry_json",), invocation_id, index)), result)


def _is_result(rows: Sequence[Mapping[str, Any]], result: bytes | str) -> bool | None:
    entry = json.loads(rows[0].get("entry_json") or "null") if rows else None
    signal = entry.get("Notification", {}).get("Signal") if isinstance(entry, dict) else None
    if not isinstance(signal, dict):
        return None
    stored = signal.get("result")
    if isinstance(stored, dict) and "Failure" in stored:
        failure = stored["Failure"]
        return result == (failure.get("message") if isinstance(failure, dict) else failure)
    value = stored.get("Success", []) if isinstance(stored, dict) else []
    # The form of a journal entry, several times the size of the value.
    return isinstance(result, bytes) and value == list(result)


def target_of(row: Mapping[str, Any]) -> Target:
    """Return the target in a row of `sys_invocation`."""
    return Target(row["target_service_name"], row["target_handler_name"], row.get("target_service_key"))


def is_invocation(invocation_id: str) -> str:
    """Return the SQL condition that a row is about an invocation. Raises InvalidIdError."""
    _core.parse_invocation_id(invocation_id)
    return f"id = {quote_sql(invocation_id)}"
