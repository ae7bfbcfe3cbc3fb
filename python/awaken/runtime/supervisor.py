"""A test's say in what becomes of failed attempts, and of those who wait for their invocations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from awaken.runtime.attempt_failure import AttemptFailure

__all__ = ["Supervisor"]


class Supervisor(Protocol):
    """Watches over one runtime, on its event loop. Must not raise."""

    def judge(self, invocation_id: str, failure: AttemptFailure) -> AttemptFailure:
        """Return the failure as it is to be treated: its `behavior` and its delay decide."""
        ...

    def error_for(self, invocation: int) -> BaseException | None:
        """Return what to raise where a caller waits for an invocation that cannot go on; None when it can.

        Args:
            invocation: its row.
        """
        ...
