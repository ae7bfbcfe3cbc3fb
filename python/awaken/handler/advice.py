"""What to write instead of what a handler gave.

Mistakes with durable results are recognized by their classes' names, because those classes are in a higher layer.
"""

from __future__ import annotations

import inspect
from typing import Final, NoReturn

from awaken.errors import UsageError

__all__ = ["AWAIT", "INSTEAD", "instead_of", "refuse"]

#: How deep a value is searched for what it should not hold.
_DEEPEST = 4

#: Where a result was not awaited.
AWAIT: Final = "write `await` before the call that gave it"

#: What to write instead of what is no value, by the names of classes.
INSTEAD: Final = {
    "SendHandle": "give the id of what it started, which is `await handle.invocation_id()`",
    "Awakeable": "give its `.id`, or await it for its result",
    "Callback": "give its `.url` or `.id`, or await it for its result",
}


def refuse(value: object, what: str, advice: str) -> NoReturn:
    """Raise the UsageError for a value of the wrong type."""
    instead = instead_of(value)
    if instead is not None:
        advice = instead
    elif inspect.isawaitable(value):
        advice = AWAIT
        if inspect.iscoroutine(value):
            value.close()
    shown = f"{value!r}, " if value is None or type(value) in (bool, int, float) else ""
    raise UsageError(f"{what} is {shown}of type {type(value).__name__}; {advice}")


def instead_of(value: object, depth: int = 0) -> str | None:
    """Return what to give instead of something of this package that a value is or holds."""
    kind = type(value)
    if kind.__module__.startswith("awaken.") and kind.__name__ in INSTEAD:
        return INSTEAD[kind.__name__]
    if depth == _DEEPEST or not isinstance(value, (dict, list, tuple)):
        return None
    members = value.values() if isinstance(value, dict) else value
    found = (instead_of(member, depth + 1) for member in members)
    return next(filter(None, found), None)
