"""The interface between a context and the attempt that owns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from awaken.context.durable_future import FutureDriver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.context.request import AttemptFinishedEvent
    from awaken.context.runs import RunFuture
    from awaken.context.unawaited import UnawaitedCoroutine

__all__ = ["Driver"]


class Driver(FutureDriver, Protocol):
    """The operations of an attempt that its context uses, in addition to those that futures use."""

    def define_run(self, handle: int, future: RunFuture[Any]) -> None:
        """Keep a run until its result is awaited."""
        ...

    def define_coroutine(self, coroutine: UnawaitedCoroutine[Any]) -> None:
        """Keep a coroutine that the handler has to await."""
        ...

    @property
    def attempt_headers(self) -> Mapping[str, str]:
        """Headers of the attempt's HTTP request."""
        ...

    @property
    def is_encoding(self) -> bool:
        """Whether a journal value codec encodes what the handler sends and decodes what it gets."""
        ...

    @property
    def attempt_finished(self) -> AttemptFinishedEvent:
        """Set when the attempt is over."""
        ...
