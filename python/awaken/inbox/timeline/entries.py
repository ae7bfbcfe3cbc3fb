"""Rows of `sys_journal`, as entries. Any endpoint writes a journal, and rows may be damaged: nothing here raises."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Entry", "Side", "read_entries", "read_ms"]

_NOTHING: Final[Mapping[str, Any]] = {}


class Side(Enum):
    """Who added an entry."""

    COMMAND = "Command"
    NOTIFICATION = "Notification"
    #: What this version does not know.
    OTHER = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a journal, without its values."""

    index: int
    side: Side
    #: Such as `Run`; of signals `Signal`.
    kind: str
    name: str
    #: UTC milliseconds.
    at_ms: int
    #: Of a command its fields, as `entry_lite_json` has them.
    fields: Mapping[str, Any] = field(default_factory=dict)
    #: Of a command those that it asks for, of a completion its own.
    completions: tuple[int, ...] = ()
    #: Of a notification that is a signal: its index or its name.
    signal: int | str | None = None
    #: Of a notification: `Success`, `Failure`, `Void` and others.
    result: str = ""
    #: Bytes of the entry.
    size: int = 0


def read_entries(rows: Sequence[Mapping[str, Any]]) -> list[Entry]:
    """Return the entries of rows that have `index`, `entry_type`, `name`, `appended_at` and `entry_lite_json`."""
    return [_read(row) for row in rows if isinstance(row.get("index"), int)]


def read_ms(timestamp: object) -> int | None:
    """Return a timestamp of the admin API in UTC milliseconds; None if it is not there or cannot be read."""
    try:
        return round(datetime.fromisoformat(str(timestamp)).timestamp() * 1000) if timestamp else None
    except (ValueError, OverflowError):
        return None


def _read(row: Mapping[str, Any]) -> Entry:
    side, _, kind = str(row.get("entry_type") or "").partition(": ")
    document = _document(row.get("entry_lite_json"))
    index, at_ms, size = row["index"], read_ms(row.get("appended_at")) or 0, row.get("raw_length")
    entry_size = size if isinstance(size, int) else 0
    if side == Side.COMMAND.value:
        fields = _mapping(_mapping(document.get("Command")).get(kind))
        name = str(row.get("name") or "")
        return Entry(index, Side.COMMAND, kind, name, at_ms, fields, _asked(fields), size=entry_size)
    if side == Side.NOTIFICATION.value:
        told = _mapping(document.get("Notification"))
        own = _mapping(told.get("id"))
        signal = own.get("SignalIndex", own.get("SignalName"))
        completion = own.get("CompletionId")
        return Entry(
            index,
            Side.NOTIFICATION,
            kind,
            "",
            at_ms,
            completions=(completion,) if isinstance(completion, int) else (),
            signal=signal if isinstance(signal, int | str) else None,
            result=str(told.get("result") or ""),
            size=entry_size,
        )
    return Entry(index, Side.OTHER, kind or side, str(row.get("name") or ""), at_ms, size=entry_size)


def _asked(fields: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the completions that a command asks for: the id of a callee first, its result last."""
    names = ("invocation_id_completion_id", "completion_id", "result_completion_id")
    return tuple(fields[name] for name in names if isinstance(fields.get(name), int))


def _document(text: object) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(str(text or "null")))
    except (ValueError, RecursionError):
        return _NOTHING


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _NOTHING
