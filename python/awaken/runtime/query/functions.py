"""Functions that SQLite does not have, for the views.

None of them fails on bad data: a value that cannot be shown is left out of its row.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from awaken import _core
from awaken.errors import InvalidIdError, RemoteProtocolError
from awaken.runtime.attempt_failure import describe_code
from awaken.runtime.durations import duration_of, format_iso_duration
from awaken.timing.timestamps import format_time

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

__all__ = ["add_functions"]

log = logging.getLogger("awaken.runtime")

#: Type codes from here on are notifications.
_FIRST_NOTIFICATION: Final = 0x8000


def add_functions(connection: sqlite3.Connection) -> None:
    """Register the functions on a connection."""
    for function in (
        iso_time,
        iso_duration,
        hex_or_null,
        text_or_null,
        partition_key,
        partition_key_of,
        failure_text,
        entry_type,
        entry_name,
        entry_json,
        entry_lite_json,
    ):
        count = function.__code__.co_argcount
        connection.create_function(function.__name__, count, _lenient(function), deterministic=True)
    connection.create_function("now", 0, now)
    connection.create_aggregate("value_at_lowest", 2, ValueAtLowest)  # type: ignore[arg-type]  # typeshed knows one argument
    connection.create_aggregate("value_at_highest", 2, ValueAtHighest)  # type: ignore[arg-type]


def _lenient(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that returns None where this one fails, and logs the first failure."""
    has_failed = False

    def call(*values: Any) -> Any:
        nonlocal has_failed
        try:
            return function(*values)
        except Exception as error:
            if not has_failed:  # a table may have many such rows, and be asked for often
                has_failed = True
                log.warning(
                    "a stored value cannot be shown by %s: %s", function.__name__, type(error).__name__
                )
            return None

    return call


class ValueAtLowest:
    """An aggregate: the value beside the lowest key, NULL keys left out."""

    def __init__(self) -> None:
        self._found: tuple[Any, Any] | None = None

    def step(self, value: Any, key: Any) -> None:
        """Take a row."""
        if key is not None and (self._found is None or self._is_better(key, self._found[0])):
            self._found = key, value

    def finalize(self) -> Any:
        """Return the value."""
        return None if self._found is None else self._found[1]

    def _is_better(self, key: Any, other: Any) -> bool:
        return bool(key < other)


class ValueAtHighest(ValueAtLowest):
    """An aggregate: the value beside the highest key."""

    def _is_better(self, key: Any, other: Any) -> bool:
        return bool(key > other)


def iso_time(at_ms: int | None) -> str | None:
    """Format a time."""
    return None if at_ms is None else format_time(at_ms)


def now() -> str:
    """Format the current time."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_duration(duration_ms: int | None) -> str | None:
    """Format a duration."""
    return None if duration_ms is None else format_iso_duration(duration_of(duration_ms))


def hex_or_null(value: bytes | None) -> str | None:
    """Format bytes; unlike SQLite's own function, keep NULL apart from empty bytes."""
    return None if value is None else value.hex()


def text_or_null(value: bytes | None) -> str | None:
    """Decode bytes if they are text."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def partition_key(invocation_id: str | bytes) -> str | None:
    """Return the partition key as digits: it may be larger than the largest integer of SQLite."""
    try:
        return str(int.from_bytes(_core.parse_invocation_id(_text(invocation_id))[:8]))
    except InvalidIdError:
        return None


def partition_key_of(service: str | bytes, key: str | bytes) -> str | None:
    """Return the partition key of an object or workflow."""
    return partition_key(_core.workflow_invocation_id(_text(service), _text(key)))


def failure_text(code: int | None, message: str | bytes) -> str | None:
    """Return why a promise failed, with the name of the code."""
    return None if code is None else f"[{describe_code(code)}] {_text(message)}"


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode(errors="replace")


def entry_type(code: int, payload: bytes) -> str:
    """Return the type of a journal entry."""
    entry = _describe(code, payload)
    return "Unreadable" if entry is None else entry.entry_type


def entry_name(code: int, payload: bytes) -> str | None:
    """Return the name of a journal entry. As in the server's tables, commands without one have an empty name."""
    entry = _describe(code, payload)
    if entry is None:
        return None
    return entry.name if code < _FIRST_NOTIFICATION else entry.name or None


def entry_json(code: int, payload: bytes) -> str | None:
    """Return a journal entry as JSON."""
    entry = _describe(code, payload)
    return None if entry is None else entry.json


def entry_lite_json(code: int, payload: bytes) -> str | None:
    """Return a journal entry as JSON, without its payload."""
    entry = _describe(code, payload)
    return None if entry is None else entry.lite_json


def _describe(code: int, payload: bytes) -> _core.StoredEntry | None:
    try:
        return _core.describe_entry(code, payload)
    except (RemoteProtocolError, OverflowError):
        return None
