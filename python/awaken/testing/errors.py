"""The exceptions that the test kit raises."""

from __future__ import annotations

__all__ = ["CrashFoundError", "DevelopmentWarning", "HandlerFailedError", "NotThereError"]


class DevelopmentWarning(UserWarning):
    """Something works in the test, but is probably a mistake. It is logged as well."""


class NotThereError(AssertionError):
    """What the test waits for does not happen, or several things match."""


class CrashFoundError(AssertionError):
    """A run with a crash had another outcome than the undisturbed one."""


class HandlerFailedError(AssertionError):
    """A handler failed without an exception of its own that could be raised in the test.

    Examples are a journal mismatch and a run that was never awaited. An exception of a handler is raised in the test
    unchanged, unless it would end the test run or cancel the test (`SystemExit`, `asyncio.CancelledError` and the
    like): such an exception is the `__cause__` of this one.
    """
