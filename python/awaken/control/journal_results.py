"""Results of journal entries, as tables of a runtime show them: JSON in which each byte of a value is a number.

That form takes several times the memory of the value. So sizes are read before values, and large values alone.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

from awaken.control.one_by_one import OneByOne
from awaken.control.operations import Failure
from awaken.control.sql import quote_sql, select

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from awaken.control.reads import Asks

__all__ = ["completion_of", "lite_entry", "read_result", "read_results", "signal_of"]

#: Bytes of values that one query reads together.
BATCH: Final = 1024 * 1024
_large: Final = OneByOne()


def lite_entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a notification without its value; empty if the row was damaged."""
    try:
        entry = json.loads(row.get("entry_lite_json") or "null")
    except (ValueError, RecursionError):
        return {}
    found = entry.get("Notification") if isinstance(entry, dict) else None
    return found if isinstance(found, dict) else {}


def signal_of(row: Mapping[str, Any]) -> int | None:
    """Return the index of a signal; None if it has a name, or the row is another entry."""
    return _identifier(row, "SignalIndex")


def completion_of(row: Mapping[str, Any]) -> int | None:
    """Return the id of the command that a notification completes."""
    return _identifier(row, "CompletionId")


def _identifier(row: Mapping[str, Any], name: str) -> int | None:
    of = lite_entry(row).get("id")
    number = of.get(name) if isinstance(of, dict) else None
    return number if type(number) is int else None


def read_result(entry_json: str | None) -> bytes | Failure | None:
    """Return the result in a signal or completion; None if there is none, or the row was damaged.

    Args:
        entry_json: of the whole entry.
    """
    try:
        found: Any = json.loads(entry_json or "null")
        found = found["Notification"]
        (found,) = [found["Signal"]] if "Signal" in found else found["Completion"].values()
        result = found["result"]
        if result == "Void":
            return b""
        if "Failure" in result:
            failure = result["Failure"]
            if isinstance(failure, str):
                return Failure(500, failure)
            return Failure(int(failure["code"]), str(failure["message"]))
        value = result["Success"]
        return bytes(value) if isinstance(value, list) else None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


async def read_results(
    tables: Asks, rows: Sequence[Mapping[str, Any]], largest: int | None = None
) -> dict[tuple[str, int], bytes | Failure | None]:
    """Return the results of notifications, by invocation id and index of the entry.

    Args:
        tables: of the runtime.
        rows: of `sys_journal`, with `id`, `index` and `raw_length`.
        largest: bytes of an entry that is read; the result of a larger one is None.
    """
    found: dict[tuple[str, int], bytes | Failure | None] = {(row["id"], row["index"]): None for row in rows}
    read = (row for row in rows if largest is None or row.get("raw_length", 0) <= largest)
    for batch in _batches(read):
        wanted = " OR ".join(
            f'(id = {quote_sql(invocation_id)} AND "index" IN ({", ".join(map(str, indexes))}))'
            for invocation_id, indexes in _by_invocation(batch).items()
        )
        sql = select(("id", '"index"', "entry_json"), "sys_journal", [f"({wanted})"], order='id, "index"')
        async with _turn(batch):
            for row in await tables.ask(sql):
                found[row["id"], row["index"]] = read_result(row.get("entry_json"))
    return found


def _turn(batch: Sequence[Mapping[str, Any]]) -> AbstractAsyncContextManager[None]:
    """Return what is held while a batch is read: large ones take the memory of one at a time."""
    if sum(row.get("raw_length", 0) for row in batch) <= BATCH:
        return nullcontext()
    return _large.turn(asyncio.get_running_loop())


def _by_invocation(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["id"], []).append(int(row["index"]))
    return found


def _batches(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    batch: list[Mapping[str, Any]] = []
    size = 0
    for row in rows:
        length = row.get("raw_length", 0)
        if batch and size + length > BATCH:
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += length
    if batch:
        yield batch
