"""Awakeables: results that somebody outside gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from awaken.context.deadlines import deadline
from awaken.context.futures import RestateDurableFuture
from awaken.context.unawaited import refuse_attribute
from awaken.serde import DefaultSerde
from awaken.serde.annotations import raw_type

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import timedelta

    from awaken.serde import Serde

__all__ = ["Awakeable", "AwakeableFuture"]

T = TypeVar("T")


class AwakeableFuture(RestateDurableFuture[T]):
    """The result of an awakeable, which somebody outside sends: an empty payload is JSON's null."""

    __slots__ = ()

    def _read(self, serde: Serde[Any], data: bytes) -> Any:
        if not data and isinstance(serde, DefaultSerde) and raw_type(serde.type_hint) is None:
            data = b"null"
        return super()._read(serde, data)


class Awakeable(NamedTuple, Generic[T]):
    """A result that somebody outside gives: unpacks as `(id, future)`, and can be awaited itself."""

    #: What the process outside resolves or rejects. Not a secret: it can be computed from the invocation id.
    id: str
    #: The durable result.
    future: RestateDurableFuture[T]

    def __await__(self) -> Generator[Any, None, T]:
        return self.future.__await__()

    def __hash__(self) -> int:
        return hash(self.future)

    async def result(self, timeout: timedelta | float | None = None) -> T:  # noqa: ASYNC109  # a durable one
        """Wait for the result, at most for so long.

        The time is counted by a durable sleep: it goes on while the handler is suspended or its process is gone, and
        once it is over it is so in every replay. A result that the runtime recorded before that counts, always. After
        a timeout the awakeable can still be resolved until the invocation ends, and can be awaited again.

        Args:
            timeout: a duration, or seconds; None waits as long as it takes.

        Raises:
            TimeoutError: there was no result in time. It is a `DeadlineError`: not caught, it ends the invocation with
                code 408.
            TerminalError: the awakeable was rejected, or its payload does not decode.
        """
        if timeout is None:
            return await self.future
        subject, driver = self.future.subject, self.future._driver
        async with deadline(driver, timeout, f"no result of {subject}", f"the time for {subject}"):
            return await self.future


if not TYPE_CHECKING:  # type checkers know the attributes, and refuse others
    Awakeable.__getattr__ = refuse_attribute
