"""What callers and operators may ask of a runtime: the interface between its front doors and its core.

The front doors (HTTP ingress, HTTP admin API, gRPC, the test kit) turn requests into these calls, and nothing else.
Every call returns after what it did is on disk. Times are integer UTC milliseconds, payloads raw bytes, ids text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.outcomes import AwakeableOutcome

__all__ = [
    "Accepted",
    "AlreadyInvokedError",
    "Change",
    "Completion",
    "ConflictError",
    "Failure",
    "GoneError",
    "Invocation",
    "InvocationRequest",
    "NotFoundError",
    "NotReadyError",
    "Operations",
    "PendingAwakeable",
    "Success",
    "Target",
    "TooEarlyError",
]


@dataclass(frozen=True, slots=True)
class Target:
    """Which handler, and of which key."""

    service: str
    handler: str
    #: None for a service; an object or workflow may have the empty key.
    key: str | None = None

    def __str__(self) -> str:
        parts = (self.service, self.handler) if self.key is None else (self.service, self.key, self.handler)
        return "/".join(parts)


@dataclass(frozen=True, slots=True)
class InvocationRequest:
    """A call or a send, as it enters. It was checked against the schema already."""

    target: Target
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = ()
    idempotency_key: str | None = None
    #: When it shall start; None is now.
    execution_time_ms: int | None = None
    scope: str | None = None
    limit_key: str | None = None


@dataclass(frozen=True, slots=True)
class Success:
    """The handler returned this."""

    value: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """The invocation ended with a terminal error."""

    code: int
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    #: Only when retries were exhausted.
    stacktrace: str | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """How an invocation ended."""

    invocation_id: str
    target: Target
    result: Success | Failure
    #: When the stored result is thrown away; None for one that has only just come.
    expires_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A send is on disk."""

    invocation_id: str
    #: False when an earlier request with this idempotency key, or the workflow's run, is there already.
    is_new: bool
    #: Of a delayed one that has not started; of an earlier request its own.
    execution_time_ms: int | None = None


class Change(Enum):
    """What an operation on an invocation did."""

    #: It is done.
    DONE = "done"
    #: It is on its way; the handler or a running attempt still has to react.
    REQUESTED = "requested"


@dataclass(frozen=True, slots=True)
class PendingAwakeable:
    """An awakeable that an invocation waits for."""

    awakeable_id: str
    invocation_id: str
    target: Target
    #: Since when the invocation is known to wait for it.
    since_ms: int
    #: What the handler called it; None when it gave no name.
    name: str | None = None
    #: The type its payload has to have, as the handler declared it.
    type_name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    expires_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Invocation:
    """One invocation, as operators see it."""

    invocation_id: str
    target: Target
    status: Literal["scheduled", "pending", "running", "backing-off", "suspended", "paused", "completed"]
    created_at_ms: int
    modified_at_ms: int
    retry_count: int | None = None
    last_failure: str | None = None
    result: Success | Failure | None = None


class NotFoundError(LookupError):
    """There is no such invocation, or it is gone."""


class NotReadyError(Exception):
    """The invocation exists and has not completed yet."""


class ConflictError(Exception):
    """The invocation is in a state that does not allow this; the text tells which."""


class AlreadyInvokedError(ConflictError):
    """The workflow's run was invoked before. Args: `invocation_id` of that run."""

    def __init__(self, invocation_id: str) -> None:
        super().__init__("the workflow method was already invoked")
        self.invocation_id = invocation_id


class TooEarlyError(ConflictError):
    """The invocation has not started yet."""


class GoneError(ConflictError):
    """What this needs of the invocation was not kept."""


class Operations(Protocol):
    """What a running embedded runtime can do. Not thread-safe: to be called on its event loop."""

    # Callers.

    async def call(self, request: InvocationRequest) -> Completion:
        """Start an invocation, or find the one with the same idempotency key, and wait for its result.

        Raises:
            AlreadyInvokedError: the workflow's run was already invoked; its `invocation_id` tells which.
            NotFoundError: there is no such handler.
        """
        ...

    async def send(self, request: InvocationRequest) -> Accepted:
        """Start an invocation and return when it is on disk."""
        ...

    async def attach(self, invocation_id: str) -> Completion:
        """Wait for the result of an invocation. Raises NotFoundError."""
        ...

    async def output(self, invocation_id: str) -> Completion:
        """Return the stored result. Raises NotFoundError, or NotReadyError when it has not completed yet."""
        ...

    async def resolve_awakeable(self, awakeable_id: str, value: bytes) -> AwakeableOutcome:
        """Give an awakeable its result. Raises InvalidIdError for an id that does not parse."""
        ...

    async def reject_awakeable(self, awakeable_id: str, failure: Failure) -> AwakeableOutcome:
        """Give an awakeable its failure. Raises InvalidIdError for an id that does not parse."""
        ...

    # Operators.

    async def cancel(self, invocation_id: str) -> Change:
        """Ask a handler to stop. DONE when it had not started. Raises NotFoundError, ConflictError (completed)."""
        ...

    async def kill(self, invocation_id: str) -> Change:
        """End an invocation and its children, without telling the handler. Raises as `cancel`."""
        ...

    async def pause(self, invocation_id: str) -> Change:
        """Stop running it until it is resumed. Raises NotFoundError, ConflictError (not running)."""
        ...

    async def resume(self, invocation_id: str, deployment: str | None = None) -> Change:
        """Run it again: at once when it backs off. `deployment` is `latest`, `keep` or an id, to move it there.

        Raises:
            NotFoundError: there is none.
            TooEarlyError: it has not started.
            ConflictError: it is completed, or cannot be moved.
        """
        ...

    async def purge(self, invocation_id: str) -> Change:
        """Forget a completed invocation; of a workflow also state and promises. Raises NotFoundError, ConflictError."""
        ...

    async def purge_journal(self, invocation_id: str) -> Change:
        """Forget the journal of a completed invocation and keep its result. Raises NotFoundError, ConflictError."""
        ...

    async def restart_as_new(
        self, invocation_id: str, keep_entries: int = 1, deployment: str | None = None
    ) -> str:
        """Start a new invocation with the input, and the first `keep_entries` entries, of a completed one.

        Returns:
            The new invocation's id.

        Raises:
            NotFoundError: there is none.
            TooEarlyError: it has not started.
            ConflictError: it runs, or the prefix lacks completions.
            GoneError: its journal was not kept.
        """
        ...

    async def edit_state(
        self, service: str, key: str, state: Mapping[str, bytes], version: str | None = None
    ) -> None:
        """Replace the whole state of a key, after the exclusive handler that runs, if its version still fits."""
        ...

    def invocation(self, invocation_id: str) -> Invocation:
        """Look at one invocation. Raises NotFoundError."""
        ...

    def pending_awakeables(
        self, *, limit: int = 1000, after: str | None = None
    ) -> Sequence[PendingAwakeable]:
        """List what is waited for, oldest first; `after` is the last id of the page before."""
        ...
