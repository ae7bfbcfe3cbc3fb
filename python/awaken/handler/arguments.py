"""Checks of the arguments that handlers pass to operations.

They run before anything is journaled. A mistake raises a `UsageError`, which ends the invocation, because the same code
would repeat the mistake in every attempt. The error names the operation, the type of the argument, and what to write
instead. `awaken.endpoint.misuse` recognizes mistakes that these checks do not cover, from the error that they cause.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from awaken.errors import UsageError
from awaken.handler.advice import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "LARGEST_CODE",
    "expect_bytes",
    "expect_code",
    "expect_count",
    "expect_factor",
    "expect_key",
    "expect_text",
    "headers_of",
]

#: The largest code of a failure that the wire and HTTP have room for.
LARGEST_CODE: Final = 0xFFFF


def expect_text(value: object, what: str) -> None:
    """Raise unless this is a str.

    Args:
        value: the argument.
        what: names it in the error text, as in `the name of ctx.get`.
    """
    if not isinstance(value, str):
        refuse(value, what, "give a str" if value is None else "give a str, as in str(value)")


def expect_bytes(value: object, what: str) -> None:
    """Raise unless this is bytes."""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        refuse(
            value,
            what,
            "give bytes, as in json.dumps(value).encode(), or name the handler's function instead",
        )


def expect_code(value: object, what: str) -> None:
    """Raise unless this is the code of a failure."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_CODE:
        refuse(value, what, f"give a code between 0 and {LARGEST_CODE}, as HTTP has them")


def expect_count(value: object, what: str) -> None:
    """Raise unless this is a count or None."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 32:
        refuse(value, what, "give a whole number, zero or more")


def expect_factor(value: object, what: str) -> None:
    """Raise unless this is a factor for durations or None."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        refuse(value, what, "give a finite number above zero")


def expect_key(value: object, what: str) -> None:
    """Raise unless this is an idempotency key or None. Runtimes do not accept empty keys."""
    if value is None:
        return
    expect_text(value, what)
    if not value:
        raise UsageError(f"{what} is empty; give text, or leave it out")


def headers_of(headers: Mapping[str, str] | None, what: str) -> Sequence[tuple[str, str]]:
    """Return headers as pairs of name and value.

    Raises:
        UsageError: the headers are not a dict of str.
    """
    if not headers:
        return ()
    try:
        pairs = list(headers.items())
    except AttributeError:
        refuse(headers, f"the headers of {what}", 'give a dict, as in {"x-tenant": "a"}')
    for name, value in pairs:
        if not isinstance(name, str) or not isinstance(value, str):
            raise UsageError(
                f"the header {name!r} of {what} is of type {type(value).__name__}; names and values are text, "
                "so convert both with str"
            )
    return pairs
