"""What callers and operators may ask of a runtime, wherever it runs.

`Operations` has two implementations: the embedded runtime, in its own process, and `awaken.control.remote`, for a
runtime at a URL. The gRPC services, the inbox, callback links and the command line only turn requests into these calls.
Times are integer UTC milliseconds, payloads raw bytes, ids text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from awaken import _core
from awaken.errors import InvalidIdError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.approvals import ApprovalFacts
    from awaken.control.catalog import DeploymentView, ServiceView
    from awaken.outcomes import AwakeableOutcome
    from awaken.serde.journal_codec import JournalValueCodec

__all__ = [
    "STATUSES",
    "Accepted",
    "AnswerCodec",
    "AnswerRules",
    "AwakeablePage",
    "AwakeableState",
    "AwakeableView",
    "Change",
    "Completion",
    "Failure",
    "Invocation",
    "InvocationRequest",
    "Operations",
    "StoredAnswer",
    "StoredAnswerPage",
    "Success",
    "Target",
]

#: Statuses of an invocation, as `sys_invocation` has them.
STATUSES: Final = (
    *("scheduled", "pending", "ready", "running", "backing-off", "suspended", "paused", "completed"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A handler, with the key of its object or workflow."""

    service: str
    handler: str
    #: None for a service; an object or workflow may have the empty key.
    key: str | None = None

    def __str__(self) -> str:
        parts = (self.service, self.handler) if self.key is None else (self.service, self.key, self.handler)
        return "/".join(parts)


@dataclass(frozen=True, slots=True)
class InvocationRequest:
    """A call or a send."""

    target: Target
    body: bytes = b""
    #: What the handler sees; `content-type` among them is checked against what the handler accepts.
    headers: Sequence[tuple[str, str]] = ()
    idempotency_key: str | None = None
    #: How long to wait before it starts; None starts it now. Only sends have it.
    delay_ms: int | None = None
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
    #: None where the runtime does not report it.
    target: Target | None
    result: Success | Failure
    #: When the stored result is deleted; None for one that has only just come.
    expires_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A send is on disk."""

    invocation_id: str
    #: False if an earlier request with this idempotency key, or the workflow's run, exists already.
    is_new: bool
    #: When a delayed invocation starts; for an earlier request, its own time.
    execution_time_ms: int | None = None


class Change(Enum):
    """What an operation on an invocation did."""

    #: It is done.
    DONE = "done"
    #: It is under way; the handler or a running attempt still has to react.
    REQUESTED = "requested"


class AwakeableState(Enum):
    """How an awakeable stands."""

    PENDING = "pending"
    COMPLETED = "completed"
    NOT_AWAITED = "not awaited"
    INVOCATION_COMPLETED = "invocation completed"


@dataclass(frozen=True, slots=True)
class AwakeableView:
    """One awakeable, as far as its runtime knows it. An awakeable is known once its handler awaits it."""

    awakeable_id: str
    invocation_id: str
    target: Target
    #: The invocation's.
    status: str
    #: When the handler was first known to await it; None unless it is pending. A Restate server does not store this:
    #: there it is when the callback was created, or else the last change of the invocation.
    since_ms: int | None = None
    #: What the handler called it; None if it gave no name.
    name: str | None = None
    #: The type of the payload, as the handler declared it.
    type_name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    expires_at_ms: int | None = None
    #: What the handler awaits at the same time, for people.
    beside: tuple[str, ...] = ()
    state: AwakeableState = AwakeableState.PENDING
    #: How it is decided, if it is a slot of an approval.
    approval: ApprovalFacts | None = None
    #: Whether the journal has the question in detail; see `awaken.control.question_documents`.
    has_document: bool = False
    #: Index of the signal of the approval's first slot.
    first_index: int | None = None

    @property
    def index(self) -> int:
        """The number of its signal, 17 for the first awakeable of an invocation."""
        return _core.parse_awakeable_id(self.awakeable_id).index

    @property
    def is_readable(self) -> bool:
        """Whether its row was not damaged. The id of a damaged one says so, and is of no further use."""
        return self.awakeable_id.startswith("sign_")

    @property
    def question_id(self) -> str:
        """The id of the question: of an approval that of its first slot, else its own."""
        if self.first_index is None or not self.is_readable:
            return self.awakeable_id
        return _core.format_awakeable_id(_core.parse_invocation_id(self.invocation_id), self.first_index)

    @property
    def answer_count(self) -> int:
        """Answers that an approval has so far, also those that do not count."""
        return self.index - self.first_index if self.first_index is not None and self.is_readable else 0

    @property
    def title(self) -> str:
        """What to call it for people."""
        try:
            return self.name or f"awakeable {self.index}"
        except InvalidIdError:  # its row was damaged, and the id says so
            return "an awakeable that cannot be read"


class AnswerCodec(Protocol):
    """Where the journal value codec of an endpoint comes from."""

    async def get(self) -> JournalValueCodec:
        """Return the codec."""
        ...


@dataclass(frozen=True, slots=True)
class AnswerRules:
    """What the value of an awakeable has to be, as far as that is known."""

    #: Name of the declared type, empty for any JSON. None for a plain awakeable, whose value may be any bytes.
    type_name: str | None = None
    #: Whether the handler reads it through a journal value codec.
    is_encoded: bool = False
    #: The codec, if this process has it.
    codec: AnswerCodec | None = None
    #: How it is decided, if it is a slot of an approval; the value may tell who answered then.
    approval: ApprovalFacts | None = None

    @property
    def is_checked(self) -> bool:
        """Whether something is known that a value has to fit."""
        return self.type_name is not None or self.is_encoded


@dataclass(frozen=True, slots=True)
class AwakeablePage:
    """Some pending awakeables."""

    awakeables: tuple[AwakeableView, ...]
    #: `after` of the next page; None on the last one. Its form is the runtime's own.
    next: str | None = None


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """Where a journal has the result of an awakeable."""

    invocation_id: str
    #: Of the entry.
    index: int
    signal: int
    at_ms: int
    #: Bytes of the entry.
    size: int


@dataclass(frozen=True, slots=True)
class StoredAnswerPage:
    """Some results."""

    answers: tuple[StoredAnswer, ...]
    #: `after` of the next page; None on the last one. Its form is the runtime's own.
    next: str | None = None


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


class Operations(Protocol):
    """What a runtime can do. Not thread-safe: call it on the event loop that it was made on.

    Each method that changes something returns once the change is on disk. Besides what each of them raises:

    Raises:
        InvalidIdError: an id is malformed; nothing was sent.
        UnavailableError: the runtime does not run, or cannot be reached.
        NoAnswerError: the runtime did not answer in time.
    """

    # Callers.

    async def call(self, request: InvocationRequest) -> Completion:
        """Start an invocation, or find the one with the same idempotency key, and wait for its result.

        Raises:
            InvalidRequestError: the handler is not public, or does not accept this request.
            AlreadyInvokedError: the workflow's run was already invoked; its `invocation_id` names that run.
            NotFoundError: there is no such handler.
            TooLargeError: the body is too large.
        """
        ...

    async def send(self, request: InvocationRequest) -> Accepted:
        """Start an invocation and return when it is on disk. Raises as `call`, but for AlreadyInvokedError."""
        ...

    async def attach(self, invocation_id: str) -> Completion:
        """Wait for the result of an invocation. Raises NotFoundError."""
        ...

    async def output(self, invocation_id: str) -> Completion:
        """Return the stored result. Raises NotFoundError, or NotReadyError if it has not completed yet."""
        ...

    async def answer_rules(self, awakeable_id: str) -> AnswerRules:
        """Return what the value of an awakeable has to be."""
        ...

    def codec_of(self, service: str) -> AnswerCodec | None:
        """Return the journal value codec of a service; None if it has none, or if this process does not know it."""
        ...

    async def resolve_awakeable(self, awakeable_id: str, value: bytes) -> AwakeableOutcome:
        """Give an awakeable its result. `awaken.control.answering` checks ids from outside before."""
        ...

    async def reject_awakeable(self, awakeable_id: str, failure: Failure) -> AwakeableOutcome:
        """Give an awakeable its failure. `awaken.control.answering` checks ids from outside before."""
        ...

    async def services(self) -> Sequence[ServiceView]:
        """List the registered services with their handlers, by name."""
        ...

    async def deployments(self) -> Sequence[DeploymentView]:
        """List the registered deployments, newest first."""
        ...

    async def ingress_address(self) -> str:
        """Return the URL of the ingress, as the runtime tells it to callers."""
        ...

    # Operators.

    async def cancel(self, invocation_id: str) -> Change:
        """Ask a handler to stop. DONE if it had not started. Raises NotFoundError, ConflictError (completed)."""
        ...

    async def kill(self, invocation_id: str) -> Change:
        """End an invocation and its children without involving the handler. Raises as `cancel`."""
        ...

    async def pause(self, invocation_id: str) -> Change:
        """Stop running it until it is resumed. Raises NotFoundError, ConflictError (not running)."""
        ...

    async def resume(self, invocation_id: str, deployment: str | None = None) -> Change:
        """Run it again, at once if it backs off. `deployment` is `latest`, `keep` or an id to move it to.

        Raises:
            NotFoundError: there is no such invocation.
            TooEarlyError: it has not started.
            ConflictError: it is completed, or cannot be moved.
        """
        ...

    async def purge(self, invocation_id: str) -> Change:
        """Delete a completed invocation; of a workflow also state and promises. Raises NotFoundError, ConflictError."""
        ...

    async def purge_journal(self, invocation_id: str) -> Change:
        """Delete the journal of a completed invocation and keep its result. Raises NotFoundError, ConflictError."""
        ...

    async def restart_as_new(
        self, invocation_id: str, keep_entries: int = 1, deployment: str | None = None
    ) -> str:
        """Start a new invocation with the input, and the first `keep_entries` entries, of a completed one.

        Returns:
            The new invocation's id.

        Raises:
            NotFoundError: there is no such invocation.
            TooEarlyError: it has not started.
            ConflictError: it runs.
            GoneError: its journal was not kept.
            NotSupportedError: it is the run of a workflow.
            InvalidRequestError: the prefix lacks completions, or there is no such deployment.
        """
        ...

    async def edit_state(
        self, service: str, key: str, state: Mapping[str, bytes], version: str | None = None
    ) -> None:
        """Replace the whole state of a key, of objects after the exclusive invocations that are before it.

        Args:
            service: an object or a workflow.
            key: whose state it is.
            state: the values by name.
            version: of the state that this replaces; None replaces any. A Restate server silently drops an edit of
                another version.

        Raises:
            ConflictError: the state has another version.
        """
        ...

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows that answer a question in the SQL that DataFusion and SQLite have in common.

        Columns without a value are absent from their row. `awaken.control.reads` has the usual questions.
        """
        ...

    async def awakeables(
        self,
        *,
        service: str | None = None,
        key: str | None = None,
        invocation_id: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> AwakeablePage:
        """List the awakeables that handlers wait for, longest first.

        A Restate server does not know since when: its order is that of the invocations' last changes.

        Args:
            service: only of this service.
            key: only of this key.
            invocation_id: only of this invocation.
            limit: the size of a page.
            after: `next` of the page before.

        Raises:
            InvalidRequestError: `after` is not from a page before.
        """
        ...

    async def count_awakeables(self, most: int = 1000) -> int:
        """Return how many awakeables handlers wait for, at most `most`: more are not counted."""
        ...

    async def stored_answers(
        self,
        *,
        service: str | None = None,
        key: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> StoredAnswerPage:
        """List the results of awakeables in the journals that are kept, newest first.

        Args:
            service: only of this service.
            key: only of this key.
            limit: the size of a page.
            after: `next` of the page before.

        Raises:
            InvalidRequestError: `after` is not from a page before.
        """
        ...
