"""Checks of what handlers pass to `ctx.callback`: a mistake ends the invocation before anything is journaled.

Imported when the first callback is made, because most processes make none.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from awaken.errors import UsageError
from awaken.handler import arguments
from awaken.handler.advice import refuse
from awaken.links import limits
from awaken.timing import time_limits, wall_clock

if TYPE_CHECKING:
    from datetime import timedelta

__all__ = ["check_labels", "check_name", "expiry_after"]


def check_name(name: object, what: str = "the name of ctx.callback") -> None:
    """Raise a UsageError unless links and journals have room for this name of a callback."""
    arguments.expect_text(name, what)
    text = str(name)
    if not text.strip():
        raise UsageError(f"{what} is {text!r}; say what you ask for")
    if problem := limits.describe_text(text, limits.LONGEST_NAME):
        raise UsageError(f"{what} {problem}")


def check_labels(labels: Mapping[str, str] | None, what: str) -> dict[str, str]:
    """Return the labels of a callback, which `what` names in error texts.

    Raises:
        UsageError: they are not text, or journals have no room for them.
    """
    if not labels:
        return {}
    if not isinstance(labels, Mapping):
        refuse(labels, f"labels of {what}", 'give a dict, as in {"team": "finance"}')
    checked = dict(labels)
    for name, value in checked.items():
        if not isinstance(name, str) or not isinstance(value, str):
            wrong = name if isinstance(value, str) else value
            raise UsageError(
                f"labels of {what} has {name!r}: {reprlib.repr(value)}, of which one is of type "
                f"{type(wrong).__name__}; names and values of labels are text, so convert both with str"
            )
    try:
        size = limits.json_size(checked)
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise UsageError(f"the labels of {what} contain {half!r}, half of a character; remove it") from error
    if size > limits.LONGEST_LABELS:
        raise UsageError(
            f"the labels of {what} have {size} bytes as JSON, and the limit is {limits.LONGEST_LABELS}; "
            "keep larger facts elsewhere and label the callback with their id"
        )
    return checked


def expiry_after(duration: timedelta | float, what: str, *, is_replaying: bool) -> int:
    """Return when a link expires, in UTC milliseconds.

    Args:
        duration: how long it works.
        what: names the callback in error texts.
        is_replaying: the journal has the expiry already, and time has passed since: a duration that is left until a
            deadline may be over now.

    Raises:
        UsageError: it is not a duration, is shorter than a millisecond, or ends after the year 9999.
    """
    what = f"expires_in of {what}"
    if is_replaying:
        return time_limits.moment_after(duration, what)
    return wall_clock.now_ms() + time_limits.above_zero(duration, what)
