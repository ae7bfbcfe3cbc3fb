"""The version of the state of a key, which an edit names."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["state_version"]


def state_version(items: Iterable[tuple[str, bytes]]) -> str:
    """Return the version of a state: the hash of its names and values that clients of the server send with an edit.

    The layout is the server's: each pair, in the order of the names' UTF-8 bytes, is its place from 0 on as a
    big-endian u64, 01, the name, 02, the value, 03. The SHA-256 of all is written in base64url without padding.
    """
    digest = hashlib.sha256()
    for place, (name, value) in enumerate(sorted((name.encode(), value) for name, value in items)):
        for part in (place.to_bytes(8, "big"), b"\x01", name, b"\x02", value, b"\x03"):
            digest.update(part)
    return urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
