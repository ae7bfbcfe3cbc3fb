"""Advice in errors about what to write instead.

Durable results are recognized by the names of their classes, because those classes belong to a higher layer.
"""

from __future__ import annotations

import inspect
from collections.abc import Coroutine
from typing import Final, NoReturn

from awaken.errors import UsageError

__all__ = ["AWAIT", "INSTEAD", "instead_of", "refuse"]

#: How many levels of a value are searched for durable results.
_DEEPEST = 4

#: The advice for a result that was not awaited.
AWAIT: Final = "write `await` before the call that returned it"

#: The advice for objects that are not values, by the names of their classes.
INSTEAD: Final = {
    "SendHandle": "give the id of what it started, which is `await handle.invocation_id()`",
    "Awakeable": "give its `.id`, or await it for its result",
    "Callback": "give its `.url` or `.id`, or await it for its result",
}


def refuse(value: object, what: str, advice: str) -> NoReturn:
    """Raise a UsageError for an argument of the wrong type.

    Args:
        value: the argument.
        what: names it in the error text, as in `the name of ctx.get`.
        advice: what to write instead, unless the value itself suggests better advice.
    """
    instead = instead_of(value)
    if instead is not None:
        advice = instead
    elif inspect.isawaitable(value):
        advice = AWAIT
        if isinstance(value, Coroutine):
            value.close()
    shown = f"{value!r}, " if value is None or type(value) in (bool, int, float) else ""
    raise UsageError(f"{what} is {shown}of type {type(value).__name__}; {advice}")


def instead_of(value: object, depth: int = 0) -> str | None:
    """Return the advice for an object of this package that is a value, or is inside of one; None without one."""
    kind = type(value)
    if kind.__module__.startswith("awaken.") and kind.__name__ in INSTEAD:
        return INSTEAD[kind.__name__]
    if depth == _DEEPEST or not isinstance(value, (dict, list, tuple)):
        return None
    members = value.values() if isinstance(value, dict) else value
    found = (instead_of(member, depth + 1) for member in members)
    return next(filter(None, found), None)
