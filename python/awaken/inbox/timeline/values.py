"""Values in journals: where an entry has its value, and how it is shown.

`entry_json` has a value as a list of numbers, several times its size. So entries that are larger than a page needs are
not asked for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LARGEST_SHOWN", "Shown", "ValueKind", "show_bytes", "value_of"]

#: Bytes of an entry whose value is shown.
LARGEST_SHOWN: Final = 256 * 1024
#: Bytes of a binary value that are shown.
_HEX_SHOWN: Final = 1024
_HEX_LINE: Final = 32
#: Where commands have values, in order.
_FIELDS: Final = ("payload", "parameter", "result", "value")


class ValueKind(StrEnum):
    """How a value is shown."""

    JSON = "JSON"
    TEXT = "text"
    #: As hexadecimal digits.
    BINARY = "binary"
    EMPTY = "empty"
    FAILURE = "failure"
    #: It is too large to show.
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Shown:
    """A value for people."""

    kind: ValueKind
    text: str = ""
    #: Bytes.
    size: int = 0
    #: What is left out, or went wrong.
    note: str = ""


def value_of(entry_json: object) -> bytes | Shown | None:
    """Return the value of an entry; None if it has none. Failures and lists of names are shown as they are."""
    try:
        document = json.loads(str(entry_json or "null"))
    except (ValueError, RecursionError):
        return Shown(ValueKind.EMPTY, note="The entry is damaged.")
    return _find(document)


def show_bytes(value: bytes) -> Shown:
    """Return a value as JSON, text or hexadecimal digits."""
    size = len(value)
    if not value:
        return Shown(ValueKind.EMPTY)
    if size > LARGEST_SHOWN:
        return Shown(ValueKind.LARGE, size=size)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return _hexadecimal(value)
    try:
        # Numbers stay as they were written, and the order of names.
        return Shown(ValueKind.JSON, msgspec.json.format(value, indent=2).decode(), size)
    except (ValueError, RecursionError):  # also of msgspec
        pass
    if any(character < " " and character not in "\t\r\n" for character in text):
        return _hexadecimal(value)
    return Shown(ValueKind.TEXT, text, size)


def _hexadecimal(value: bytes) -> Shown:
    shown = value[:_HEX_SHOWN]
    lines = (shown[start : start + _HEX_LINE].hex(" ") for start in range(0, len(shown), _HEX_LINE))
    hidden = len(value) - len(shown)
    note = f"{hidden} more bytes are not shown." if hidden else ""
    return Shown(ValueKind.BINARY, "\n".join(lines), len(value), note)


def _find(document: Any) -> bytes | Shown | None:
    """Return the value in the JSON of an entry: below the side and the kind of the entry, and of calls the request."""
    inner = document
    for _ in range(4):
        if not isinstance(inner, dict):
            return None
        for name in _FIELDS:
            if name in inner:
                return _result(inner[name])
        if "state_keys" in inner:
            return Shown(ValueKind.TEXT, "\n".join(str(one) for one in inner["state_keys"] or ()))
        inner = inner.get("request") if "request" in inner else _only_object(inner)
    return None


def _only_object(document: Mapping[str, Any]) -> Any:
    return next((one for one in document.values() if isinstance(one, dict)), None)


def _result(value: Any) -> bytes | Shown | None:
    if isinstance(value, list):
        return _bytes(value)
    if isinstance(value, str):  # `Void`
        return b""
    if isinstance(value, dict) and "Failure" in value:
        return _failure(value["Failure"])
    return _bytes(value.get("Success")) if isinstance(value, dict) else None


def _bytes(numbers: Any) -> bytes | Shown:
    try:
        return bytes(numbers or ())
    except (TypeError, ValueError):
        return Shown(ValueKind.EMPTY, note="The entry is damaged.")


def _failure(failure: Any) -> Shown:
    if not isinstance(failure, dict):
        return Shown(ValueKind.FAILURE, str(failure))
    metadata = failure.get("metadata")
    lines = [f"[{failure.get('code')}] {failure.get('message')}"]
    if isinstance(metadata, dict):
        lines += [f"{name}: {value}" for name, value in metadata.items()]
    return Shown(ValueKind.FAILURE, "\n".join(lines))
