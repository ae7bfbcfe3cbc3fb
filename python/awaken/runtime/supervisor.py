"""Lets a test decide on failed attempts, and on callers whose invocations cannot continue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from awaken.runtime.attempt_failure import AttemptFailure

__all__ = ["Supervisor"]


class Supervisor(Protocol):
    """Supervises one runtime, on its event loop. Must not raise."""

    def judge(self, invocation_id: str, failure: AttemptFailure) -> AttemptFailure:
        """Return the failure to act on: its `behavior` and `delay_ms` decide what follows."""
        ...

    def error_for(self, invocation: int) -> BaseException | None:
        """Return what to raise in callers of an invocation that cannot continue; None if it can.

        Args:
            invocation: the number of its row.
        """
        ...
