"""Awakeables: results that another process supplies, by an id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from awaken.context.deadlines import deadline
from awaken.context.futures import RestateDurableFuture
from awaken.context.unawaited import note_truth, refuse_attribute
from awaken.serde import DefaultSerde
from awaken.serde.annotations import raw_type

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import timedelta

    from awaken.serde import Serde

__all__ = ["Awakeable", "AwakeableFuture"]

T = TypeVar("T")


class AwakeableFuture(RestateDurableFuture[T]):
    """The result of an awakeable. An empty payload counts as JSON null."""

    __slots__ = ()

    @property
    def subject(self) -> str:
        """A description of the result, for error texts."""
        return f"awakeable {self._subject}"  # made when needed: most wait for long, and few are described

    def _read(self, serde: Serde[Any], data: bytes) -> Any:
        if not data and isinstance(serde, DefaultSerde) and raw_type(serde.type_hint) is None:
            data = b"null"
        return super()._read(serde, data)


class Awakeable(NamedTuple, Generic[T]):
    """A result that another process supplies. It unpacks as `(id, future)`, and can be awaited itself."""

    #: The id by which it is resolved or rejected. Not a secret: it can be computed from the invocation id.
    id: str
    #: The durable result.
    future: RestateDurableFuture[T]

    def __await__(self) -> Generator[Any, None, T]:
        return self.future.__await__()

    def __bool__(self) -> bool:
        note_truth(self.future.subject, is_awaited=self.future.is_awaited)
        return True

    def __hash__(self) -> int:
        return hash(self.future)

    async def result(self, timeout: timedelta | float | None = None) -> T:  # noqa: ASYNC109  # a durable one
        """Wait for the result, for a limited time if you give a timeout.

        A durable sleep measures the time. It continues while the handler is suspended or its process is down, and a
        timeout happens again in every replay. A result that the runtime recorded before the timeout still counts. After
        a timeout, the awakeable can still be resolved until the invocation ends, and you can await it again.

        Args:
            timeout: a `timedelta` or seconds; None waits indefinitely.

        Raises:
            TimeoutError: there was no result in time. It is a `DeadlineError`, which ends the invocation with code 408
                unless you catch it.
            TerminalError: the awakeable was rejected, or its payload cannot be deserialized.
        """
        if timeout is None:
            return await self.future
        subject, driver = self.future.subject, self.future._driver
        async with deadline(driver, timeout, f"no result of {subject}", f"the time for {subject}"):
            return await self.future


if not TYPE_CHECKING:  # type checkers know the attributes and reject others
    Awakeable.__getattr__ = refuse_attribute
