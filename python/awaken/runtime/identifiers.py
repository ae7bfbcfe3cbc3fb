"""Explains why an id does not parse, in the words of the server."""

from __future__ import annotations

import string
from typing import Final

__all__ = ["reason_against_awakeable_id", "reason_against_invocation_id"]

_RESOURCES: Final = frozenset(("dp", "inv", "part", "prom", "sign", "snap", "sub"))
_BASE62: Final = frozenset(string.ascii_letters + string.digits)


def reason_against_awakeable_id(text: str) -> str:
    """Return why a text is not an awakeable id. It must be one that does not parse."""
    return _reason(text, ("sign", "prom"))


def reason_against_invocation_id(text: str) -> str:
    """Return why a text is not an invocation id. It must be one that does not parse."""
    return _reason(text, ("inv",))


def _reason(text: str, expected: tuple[str, ...]) -> str:
    resource, separator, rest = text.partition("_")
    if not separator or not rest:
        return "bad format"
    if resource not in _RESOURCES:
        return f"unrecognized resource type: {resource}"
    if rest[0] != "1":
        return "unrecognized codec version"
    # The server reads a malformed `sign_1` as one of the older ids.
    if resource not in expected or resource == "sign":
        return "id doesn't match the expected type"
    payload = rest[1:]
    if payload and resource == "prom":
        return "base62 decode error"
    return "bad length" if _BASE62.issuperset(payload) else "base62 decode error"
