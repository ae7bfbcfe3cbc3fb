"""The fields of the frames that carry an error: code, message, metadata, stack trace and delay.

An error of user code may be broken itself: its `str` or `repr` may raise, its text may contain what UTF-8 cannot carry,
and its code may be anything.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from awaken._core import Failure
from awaken.diagnostics import tracebacks
from awaken.errors import RetryableError, TerminalError
from awaken.handler.arguments import LARGEST_CODE
from awaken.timing import time_limits

__all__ = ["code", "describe", "failure", "printable", "retry_delay_ms", "stacktrace"]

log = logging.getLogger("awaken")

#: Longest message and stack trace in an Error frame, in characters. People read them.
MAX_MESSAGE: Final = 8 * 1024
MAX_STACKTRACE: Final = 32 * 1024

#: Older versions of the protocol carry code and message of a failure only.
FIRST_VERSION_WITH_METADATA: Final = 6


def failure(error: TerminalError, version: int) -> Failure:
    """Return the wire form of a terminal error, whatever its fields contain."""
    is_carried = isinstance(error.metadata, Mapping) and version >= FIRST_VERSION_WITH_METADATA
    metadata = error.metadata if is_carried and error.metadata is not None else {}
    return Failure(
        code(error),
        printable(error.message, MAX_STACKTRACE),
        [(printable(key, MAX_MESSAGE), printable(value, MAX_MESSAGE)) for key, value in metadata.items()],
    )


def describe(error: BaseException) -> str:
    """Return the message of an error frame: the text of our own errors, the repr of others."""
    if isinstance(error, RetryableError):
        return printable(error.message, MAX_MESSAGE)
    try:
        text = repr(error)
    except BaseException as broken:  # a broken repr is user code too
        text = f"{type(error).__name__} (its repr raised {type(broken).__name__})"
    return printable(text, MAX_MESSAGE)


def stacktrace(error: BaseException) -> str:
    """Return the formatted traceback, its end when it is long."""
    return printable(tracebacks.format_error(error)[-MAX_STACKTRACE:], MAX_STACKTRACE)


def printable(value: object, limit: int) -> str:
    """Return text that UTF-8 can carry, cut to `limit` characters."""
    try:
        text = value if type(value) is str else str(value)
    except BaseException as broken:  # a broken str is user code too
        text = f"{type(value).__name__} (its str raised {type(broken).__name__})"
    return text[:limit].encode("utf-8", "backslashreplace").decode("utf-8")


def code(error: BaseException) -> int:
    """Return the code of an error, 500 if it has none that can be sent."""
    given = getattr(error, "status_code", 500) if isinstance(error, (TerminalError, RetryableError)) else 500
    if isinstance(given, int) and 0 <= given <= LARGEST_CODE:
        return int(given)
    log.warning("status code %s is not one of 0 to %d; 500 is sent", printable(given, 100), LARGEST_CODE)
    return 500


def retry_delay_ms(error: BaseException) -> int | None:
    """Return the delay that an error asks for, in milliseconds.

    Raises:
        UsageError: there is no such delay.
    """
    delay = error.retry_after if isinstance(error, RetryableError) else None
    return None if delay is None else time_limits.retry_delay(delay, "retry_after of RetryableError")
