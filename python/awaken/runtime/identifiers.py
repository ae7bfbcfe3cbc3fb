"""Explains why an id does not parse, in the words of the server."""

from __future__ import annotations

import string
from typing import Final

__all__ = [
    "reason_against_awakeable_id",
    "reason_against_invocation_id",
    "reason_against_queue_id",
    "reason_against_record_id",
]

_RESOURCES: Final = frozenset(("dp", "inv", "part", "prom", "sign", "snap", "sub", "vq"))
#: Characters of the 128-bit number in the id of a record.
_RECORD_LENGTH: Final = 22
_DIGITS: Final = string.digits + string.ascii_lowercase + string.ascii_uppercase
_BASE62: Final = frozenset(_DIGITS)


def reason_against_awakeable_id(text: str) -> str:
    """Return why a text is not an awakeable id. It must be one that does not parse."""
    return _reason(text, ("sign", "prom"))


def reason_against_invocation_id(text: str) -> str:
    """Return why a text is not an invocation id. It must be one that does not parse."""
    return _reason(text, ("inv",))


def reason_against_queue_id(text: str) -> str | None:
    """Return why a text is not the id of a virtual queue; None if it may be one."""
    return None if text.startswith("vq_1") else _reason(text, ("vq",))


def reason_against_record_id(text: str, resource: str) -> str | None:
    """Return why a text is not the id of a deployment (`dp`) or a subscription (`sub`); None if it is one."""
    payload = text.removeprefix(f"{resource}_1")
    if len(payload) < len(text) and len(payload) == _RECORD_LENGTH and _is_number(payload):
        return None
    reason = _reason(text, (resource,)) if text else "bad length"
    is_whole = reason == "bad length" and len(payload) == _RECORD_LENGTH
    return "base62 decode error" if is_whole else reason


def _is_number(payload: str) -> bool:
    """Whether base-62 digits are a number of 128 bits."""
    number = 0
    for digit in payload:
        value = _DIGITS.find(digit)
        if value < 0:
            return False
        number = number * len(_DIGITS) + value
    return number < 1 << 128


def _reason(text: str, expected: tuple[str, ...]) -> str:
    resource, separator, rest = text.partition("_")
    if not separator:
        return "bad format"
    if resource not in _RESOURCES:
        return f"unrecognized resource type: {resource}"
    if not rest:
        return "bad length"
    if rest[0] != "1":
        return "unrecognized codec version"
    # The server reads a malformed `sign_1` as one of the older ids.
    if resource not in expected or resource == "sign":
        return "id doesn't match the expected type"
    payload = rest[1:]
    if payload and resource == "prom":
        return "base62 decode error"
    return "bad length" if _BASE62.issuperset(payload) else "base62 decode error"
