"""What the ingress asks of the embedded runtime: operations of callers without a coroutine, and so without a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from awaken.control.operations import Accepted, AnswerRules, Completion, Failure, InvocationRequest
    from awaken.outcomes import AwakeableOutcome

__all__ = ["CallerOperations", "Pledge"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pledge(Generic[T]):
    """What an operation did, which counts once it is on disk."""

    value: T
    #: Done when it is; a StoreError if it is lost.
    committed: asyncio.Future[None]


class CallerOperations(Protocol):
    """The operations of `awaken.control.operations.Operations` with the same names, begun by a plain call.

    They raise what those raise: at once, or by their future. Cancelling a future of a result stops waiting for it.
    """

    @property
    def on_completion(self) -> Callable[[str, str], None] | None:
        """Called with the door and the outcome of each answer; None counts none."""
        ...

    def begin_call(self, request: InvocationRequest) -> asyncio.Future[Completion]:
        """Start an invocation, or find the one with the same idempotency key; the future is its result."""
        ...

    def begin_send(self, request: InvocationRequest) -> Pledge[Accepted]:
        """Start an invocation."""
        ...

    def begin_attach(self, invocation_id: str) -> asyncio.Future[Completion]:
        """Find an invocation; the future is its result."""
        ...

    def begin_output(self, invocation_id: str) -> Pledge[Completion]:
        """Find the stored result of an invocation."""
        ...

    def find_answer_rules(self, awakeable_id: str) -> AnswerRules:
        """Return what the value of an awakeable has to be."""
        ...

    def begin_resolve(self, awakeable_id: str, value: bytes) -> Pledge[AwakeableOutcome]:
        """Give an awakeable its result."""
        ...

    def begin_reject(self, awakeable_id: str, failure: Failure) -> Pledge[AwakeableOutcome]:
        """Give an awakeable its failure."""
        ...

    async def answer_approval(self, awakeable_id: str, result: bytes | Failure) -> AwakeableOutcome:
        """Answer the approval of which an awakeable is a slot, as somebody unknown; on disk when it returns.

        Args:
            awakeable_id: of any slot.
            result: the answer, through the journal value codec if its application has one; or why it is rejected.

        Raises:
            InvalidAnswerError: the answer is not of the type that the handler declared.
        """
        ...
