"""Notifications about handlers in this process, for the test kit and `awaken dev`.

None of this reaches the wire or a journal. Without a watcher, it costs one look at an empty list.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final, NamedTuple, Protocol

__all__ = ["AttemptFailed", "AwakeableCreated", "LostWork", "Watcher", "current_run", "watchers"]


class AwakeableCreated(NamedTuple):
    """A handler created an awakeable. A replay creates it again."""

    awakeable_id: str
    invocation_id: str
    #: Its name, if the handler gave one.
    name: str | None
    #: The declared type of its payload.
    type_hint: Any


class LostWork(NamedTuple):
    """A handler returned without awaiting something that only begins when it is awaited."""

    #: What it is, as `run "mail"`.
    subject: str
    #: What did not happen for that reason.
    harm: str
    #: Where the handler asked for it, as `file:line`.
    place: str
    #: Service and handler, as `Greeter/greet`.
    target: str
    invocation_id: str

    def __str__(self) -> str:
        return (
            f"the {self.subject} at {self.place} was never awaited, so {self.harm}; write `await` before it"
        )


class AttemptFailed(NamedTuple):
    """A handler, or the action of one of its runs, raised an error other than a `TerminalError` of its own."""

    invocation_id: str
    #: The error.
    error: BaseException
    #: Name of the run whose action raised it; None if the handler did.
    run: str | None
    #: Whether the author asked for retries, by raising `RetryableError` or by retry options of the run.
    is_retry_asked_for: bool = False
    #: Whether it ends the run or the invocation, as a `UsageError` does: every attempt would raise it again.
    is_final: bool = False


class Watcher(Protocol):
    """Receives the notifications, on the event loop of the handler. Its methods must not raise."""

    def note_awakeable(self, created: AwakeableCreated) -> None:
        """Note a new awakeable."""
        ...

    def note_run(self, name: str, change: int) -> None:
        """Note that the action of a run began (1) or ended (-1)."""
        ...

    def note_failure(self, failed: AttemptFailed) -> None:
        """Note an error that ends an attempt, a run or an invocation. The runtime does not know about it yet."""
        ...

    def note_lost(self, lost: LostWork) -> None:
        """Note that a handler returned without awaiting a run, an approval or a callback."""
        ...


#: The watchers of this process. A watcher adds and removes itself.
watchers: Final[list[Watcher]] = []

#: Name of the run whose action is executing; None outside of runs.
current_run: Final[ContextVar[str | None]] = ContextVar("awaken_run", default=None)
