"""The exceptions that the test kit raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awaken.approvals import Refusal

__all__ = [
    "AnswerRefusedError",
    "CrashFoundError",
    "DevelopmentWarning",
    "HandlerFailedError",
    "NotThereError",
]


class DevelopmentWarning(UserWarning):
    """Something works in the test, but is probably a mistake. It is logged as well."""


class NotThereError(AssertionError):
    """What the test waits for does not happen, or several things match."""


class AnswerRefusedError(AssertionError):
    """An answer to an approval does not count.

    Args:
        message: why.
        refusal: the reason; None if the handler waits for it no longer.
    """

    def __init__(self, message: str, refusal: Refusal | None) -> None:
        super().__init__(message)
        self.refusal = refusal


class CrashFoundError(AssertionError):
    """A run with a crash had another outcome than the undisturbed one."""


class HandlerFailedError(AssertionError):
    """A handler failed without an exception of its own that could be raised in the test.

    Examples are a journal mismatch and a run that was never awaited. An exception of a handler is raised in the test
    unchanged, unless it would end the test run or cancel the test (`SystemExit`, `asyncio.CancelledError` and the
    like): such an exception is the `__cause__` of this one.
    """
