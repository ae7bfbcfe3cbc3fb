"""Checks of what a handler gives this package, besides values.

They come before anything is journaled. What the same code would do wrong again raises a `UsageError`, which ends the
invocation. It names the operation, what was given by its type, and what to write instead. What these checks do not
foresee is recognized in what the handler raised, by `awaken.endpoint.misuse`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from awaken.errors import UsageError
from awaken.handler.advice import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "expect_bytes",
    "expect_code",
    "expect_count",
    "expect_factor",
    "expect_key",
    "expect_text",
    "headers_of",
]

LARGEST_CODE = 0xFFFF


def expect_text(value: object, what: str) -> None:
    """Refuse what is not a str.

    Args:
        value: what was given.
        what: names it, as in `the name of ctx.get`.
    """
    if not isinstance(value, str):
        refuse(value, what, "give a str" if value is None else "give a str, as in str(value)")


def expect_bytes(value: object, what: str) -> None:
    """Refuse what is not bytes."""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        refuse(
            value,
            what,
            "give bytes, as in json.dumps(value).encode(), or name the handler's function instead",
        )


def expect_code(value: object, what: str) -> None:
    """Refuse what is not the code of a failure."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_CODE:
        refuse(value, what, f"give a code between 0 and {LARGEST_CODE}, as HTTP has them")


def expect_count(value: object, what: str) -> None:
    """Refuse what is not a count. None passes."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 32:
        refuse(value, what, "give a whole number, zero or more")


def expect_factor(value: object, what: str) -> None:
    """Refuse what cannot multiply a duration. None passes."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        refuse(value, what, "give a finite number above zero")


def expect_key(value: object, what: str) -> None:
    """Refuse an idempotency key that is not a str or is empty, which no runtime takes. None passes."""
    if value is None:
        return
    expect_text(value, what)
    if not value:
        raise UsageError(f"{what} is empty; give text, or leave it out")


def headers_of(headers: Mapping[str, str] | None, what: str) -> Sequence[tuple[str, str]]:
    """Return headers as pairs.

    Raises:
        UsageError: they are not a dict of str.
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
