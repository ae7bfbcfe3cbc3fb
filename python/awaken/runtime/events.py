"""What happens to invocations, for observers: each event is reported once it is on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from awaken.runtime.attempt_failure import AttemptFailure

__all__ = ["Event", "EventKind", "Observer", "SelectiveObserver"]


class EventKind(Enum):
    """What happened to an invocation."""

    #: It is stored, and starts now or later.
    ACCEPTED = "accepted"
    #: An attempt begins.
    ATTEMPT = "attempt"
    #: No attempt is open; it continues when what it waits for has come.
    SUSPENDED = "suspended"
    #: An attempt failed, and will be retried.
    BACKING_OFF = "backing off"
    #: It does not continue until an operator resumes it.
    PAUSED = "paused"
    #: Its handler returned.
    SUCCEEDED = "succeeded"
    #: It ended with a terminal error.
    FAILED = "failed"

    # There is one object of each; the hash of the base class is that of the name, and computed in Python each time.
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to an invocation."""

    kind: EventKind
    invocation_id: str
    #: `Service/handler` or `Object/key/handler`.
    target: str
    #: The number of the attempt, what the invocation waits for, or why it failed.
    detail: str = ""
    #: From creation to end, if the invocation has ended.
    duration_ms: int | None = None
    #: The body of a new invocation's request.
    input: bytes = b""
    #: Why the attempt failed, if that is what happened.
    failure: AttemptFailure | None = None
    #: Of a suspended one: what it waits for, for people, with the names that the journal has.
    waits: str = field(default="", compare=False)
    #: When it happened, in UTC milliseconds; 0 if that is not known. It is reported once it is on disk, which a handler
    #: that blocks the event loop delays.
    at_ms: int = field(default=0, compare=False)


class Observer(Protocol):
    """Receives the events of a runtime, on its event loop. Must not raise."""

    def note(self, event: Event) -> None:
        """Receive an event."""
        ...


@runtime_checkable
class SelectiveObserver(Observer, Protocol):
    """An observer that does not need every event: a busy runtime has thousands in a second, and making them costs."""

    def skips(self, kind: EventKind) -> bool:
        """Return whether the event that just happened need not be made and noted. Called once for each event."""
        ...
