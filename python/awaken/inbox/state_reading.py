"""Reads the state of keys. Lists are bounded, and only small values are read for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken.control.errors import TooLargeError
from awaken.control.sql import quote_sql, select
from awaken.control.state_version import state_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.control.operations import Operations

__all__ = ["KeyCount", "StateEntry", "WholeState", "find_value", "list_keys", "list_values", "read_whole"]

#: Keys and values of a list.
_LISTED: Final = 200
#: Bytes of values that lists show.
_SHOWN: Final = 4 * 1024
#: Bytes of the state of a key that can be edited here: an edit sends all of it.
LARGEST_EDITED: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeyCount:
    """A key that has state."""

    key: str
    values: int


@dataclass(frozen=True, slots=True)
class StateEntry:
    """A value of a state."""

    name: str
    #: Bytes.
    size: int
    #: None for a value that is too large for where it was read.
    value: bytes | None


@dataclass(frozen=True, slots=True)
class WholeState:
    """The whole state of a key, as an edit needs it."""

    values: Mapping[str, bytes]

    @property
    def version(self) -> str:
        """What an edit of this state names."""
        return state_version(self.values.items())


async def list_keys(operations: Operations, service: str, prefix: str) -> list[KeyCount]:
    """Return the keys of a service that have state, in order, and how many values each has."""
    conditions = [f"service_name = {quote_sql(service)}"]
    if prefix:
        # The next text after all that begin so: LIKE has characters of its own, and folds case in places.
        conditions += [
            f"service_key >= {quote_sql(prefix)}",
            f"service_key < {quote_sql(prefix + chr(0x10FFFF))}",
        ]
    where = " AND ".join(conditions)
    rows = await operations.ask(
        f"SELECT service_key, count(*) AS n FROM state WHERE {where} "  # noqa: S608 -- quoted above
        f"GROUP BY service_key ORDER BY service_key LIMIT {_LISTED}"
    )
    return [KeyCount(str(row.get("service_key") or ""), int(row.get("n") or 0)) for row in rows]


async def list_values(operations: Operations, service: str, key: str) -> list[StateEntry]:
    """Return the values of a key by name, without those that are large."""
    small = f"CASE WHEN value_length <= {_SHOWN} THEN value END AS value"
    rows = await operations.ask(
        select(("key", "value_length", small), "state", _of(service, key), order="key", limit=_LISTED)
    )
    return [_entry(row) for row in rows]


async def find_value(
    operations: Operations, service: str, key: str, name: str, largest: int
) -> StateEntry | None:
    """Return a value, without its bytes if it has more than `largest`; None if there is none."""
    small = f"CASE WHEN value_length <= {largest} THEN value END AS value"
    conditions = [*_of(service, key), f"key = {quote_sql(name)}"]
    rows = await operations.ask(
        select(("key", "value_length", small), "state", conditions, order="key", limit=1)
    )
    return _entry(rows[0]) if rows else None


async def read_whole(operations: Operations, service: str, key: str) -> WholeState:
    """Return all values of a key.

    Raises:
        TooLargeError: they are too large to edit here.
    """
    columns = ("sum(value_length) AS total", "count(*) AS n")
    (sums,) = await operations.ask(
        f"SELECT {', '.join(columns)} FROM state WHERE {' AND '.join(_of(service, key))}"  # noqa: S608 -- quoted
    ) or [{}]
    total = int(sums.get("total") or 0)
    if total > LARGEST_EDITED:
        raise TooLargeError(
            f"the state of {service}/{key[:200]} has {total} bytes, and an edit sends all of it; pages edit up to "
            f"{LARGEST_EDITED}, so use a handler or the admin API"
        )
    rows = await operations.ask(select(("key", "value"), "state", _of(service, key), order="key"))
    return WholeState({str(row.get("key") or ""): _bytes(row.get("value")) for row in rows})


def _of(service: str, key: str) -> list[str]:
    return [f"service_name = {quote_sql(service)}", f"service_key = {quote_sql(key)}"]


def _entry(row: Mapping[str, Any]) -> StateEntry:
    value = row.get("value")
    size = int(row.get("value_length") or 0)
    shown = b"" if not size else None if value is None else _bytes(value)
    return StateEntry(str(row.get("key") or ""), size, shown)


def _bytes(value: object) -> bytes:
    """Return a column of bytes, which answers of the admin API have as hexadecimal digits."""
    if isinstance(value, bytes):
        return value
    try:
        return bytes.fromhex(str(value or ""))
    except ValueError:
        return b""
