"""What a runtime does, for those who watch it: one event for each step of an invocation, told once it is on disk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from awaken.runtime.attempt_failure import AttemptFailure

__all__ = ["Event", "EventKind", "Observer"]


class EventKind(Enum):
    """What happened to an invocation."""

    #: It is stored, and starts now or later.
    ACCEPTED = "accepted"
    #: An attempt begins.
    ATTEMPT = "attempt"
    #: Nothing of it runs; it goes on when what it waits for is there.
    SUSPENDED = "suspended"
    #: An attempt failed, and is repeated.
    BACKING_OFF = "backing off"
    #: Nothing happens until somebody resumes it.
    PAUSED = "paused"
    #: Its handler returned.
    SUCCEEDED = "succeeded"
    #: It ended with a terminal error.
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Event:
    """One step."""

    kind: EventKind
    invocation_id: str
    #: `Service/handler` or `Object/key/handler`.
    target: str
    #: The number of the attempt, what is waited for, or why it failed.
    detail: str = ""
    #: From its creation to its end, of one that ended.
    duration_ms: int | None = None
    #: Of the attempt, where its failure is what happened.
    failure: AttemptFailure | None = None


class Observer(Protocol):
    """Watches a runtime. Called on its event loop; must not raise."""

    def note(self, event: Event) -> None:
        """Note a step."""
        ...
