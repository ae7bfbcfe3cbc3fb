"""Bytes to plain JSON values."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from awaken.errors import SerdeError

__all__ = ["read_json", "read_loosely"]


def read_json(data: bytes) -> Any:
    """Read plain JSON values; no bytes are None.

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
    """Read what the standard library reads and msgspec refuses: other SDKs have journaled NaN.

    Raises:
        SerdeError: the bytes are not JSON.
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise SerdeError("read", "JSON", f"the body is not JSON: {reason}") from error
