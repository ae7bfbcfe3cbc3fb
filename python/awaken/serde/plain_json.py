"""Reads plain JSON values."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from awaken.errors import SerdeError

__all__ = ["read_json", "read_loosely"]


def read_json(data: bytes) -> Any:
    """Read plain JSON values. No bytes mean None.

    Raises:
        SerdeError: the bytes are not JSON.
    """
    if not data:
        return None
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return read_loosely(data)


def read_loosely(data: bytes) -> Any:
    """Read JSON that the standard library accepts and msgspec rejects, such as NaN in journals of other SDKs.

    Raises:
        SerdeError: the bytes are not JSON.
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise SerdeError("read", "JSON", f"the body is not JSON: {reason}") from error
