"""Functions of the views.

None of them fails on bad data: a value that cannot be shown is left out of its row.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from awaken import _core
from awaken.errors import InvalidIdError, RemoteProtocolError
from awaken.runtime.attempt_failure import describe_code
from awaken.runtime.described_sleep import SLEEP
from awaken.runtime.query.call_entries import add_callee, call_number, called_id
from awaken.runtime.server_version import SERVER_VERSION

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

__all__ = ["add_functions"]

log = logging.getLogger("awaken.runtime")

#: Type codes from here on are notifications.
_FIRST_NOTIFICATION: Final = 0x8000
_CALLS: Final = frozenset((0x040D, 0x040E))


def add_functions(connection: sqlite3.Connection) -> None:
    """Register the functions on a connection."""
    for function in (
        server_version,
        text_or_null,
        partition_key,
        partition_key_of,
        failure_text,
        entry_type,
        entry_name,
        entry_json,
        entry_lite_json,
        call_number,
        called_id,
        to_timestamp_millis,
    ):
        count = function.__code__.co_argcount
        connection.create_function(function.__name__, count, _lenient(function), deterministic=True)


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


def server_version() -> str:
    """Return which server invocations were taken by, as far as clients can see."""
    return SERVER_VERSION


def to_timestamp_millis(at_ms: int) -> int:
    """Return a moment as tables have it: the server has types of times, and this makes one of a number."""
    return at_ms


def text_or_null(value: bytes | None) -> str | None:
    """Decode bytes if they are text."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def partition_key(invocation_id: str | bytes) -> str | None:
    """Return the partition key as twenty digits, which sort as the number does."""
    try:
        return f"{int.from_bytes(_core.parse_invocation_id(_text(invocation_id))[:8]):020d}"
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


def entry_type(code: int, payload: bytes | None) -> str:
    """Return the type of a journal entry. It is unreadable if its payload is missing."""
    entry = _describe(code, payload)
    return "Unreadable" if entry is None else entry.entry_type


def entry_name(code: int, payload: bytes | None) -> str | None:
    """Return the name of a journal entry. As in the server's tables, commands without one have an empty name."""
    entry = _describe(code, payload)
    if entry is None:
        return None
    return entry.name if code < _FIRST_NOTIFICATION else entry.name or None


def entry_json(code: int, payload: bytes | None, callee: str | bytes | None) -> str | None:
    """Return a journal entry as JSON. For calls `callee` describes what they called; see `add_callee`."""
    entry = _describe(code, payload)
    if entry is None or code not in _CALLS:
        return None if entry is None else entry.json
    return add_callee(entry.json, None if callee is None else _text(callee), is_lite=False)


def entry_lite_json(code: int, payload: bytes | None, callee: str | bytes | None) -> str | None:
    """Return a journal entry as JSON, without its payload."""
    entry = _describe(code, payload)
    if entry is None or code not in _CALLS:
        if entry is None or code != SLEEP:
            return None if entry is None else entry.lite_json
        return entry.lite_json.replace(',"name":""}', "}")  # as in the server's short form
    return add_callee(entry.lite_json, None if callee is None else _text(callee), is_lite=True)


def _describe(code: int, payload: bytes | None) -> _core.StoredEntry | None:
    try:
        return None if payload is None else _core.describe_entry(code, payload)
    except (RemoteProtocolError, OverflowError):
        return None
