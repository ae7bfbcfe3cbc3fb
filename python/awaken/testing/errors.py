"""What the test kit raises in a test."""

from __future__ import annotations

__all__ = ["CrashFoundError", "DevelopmentWarning", "HandlerFailedError", "NotThereError"]


class DevelopmentWarning(UserWarning):
    """Something works in a test and is likely a mistake; the log has it as well."""


class NotThereError(AssertionError):
    """What a test waits for does not come, or is not the only one."""


class CrashFoundError(AssertionError):
    """After a crash something came out differently."""


class HandlerFailedError(AssertionError):
    """A handler failed, and there is no exception of its own that a test could get.

    This is so for a journal mismatch and for a run that was never awaited. What a handler raises is raised in the test
    as it is, unless that would end the test run or cancel the test (`SystemExit`, `asyncio.CancelledError` and the
    like): such an exception is the `__cause__` of this one.
    """
