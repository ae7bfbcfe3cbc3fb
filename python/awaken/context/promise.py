"""Promises of workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from awaken._core import Failure
from awaken.context.futures import OptionalFuture, RestateDurableFuture
from awaken.context.unawaited import note_truth
from awaken.handler import arguments, values

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator

    from awaken.context.durable_future import FutureDriver
    from awaken.serde import Serde

__all__ = ["DurablePromise"]

T = TypeVar("T")


class DurablePromise(Generic[T]):
    """A promise of a workflow. One of its handlers completes it, once; all of them can read it."""

    __slots__ = ("_driver", "_name", "_serde")

    def __init__(self, driver: FutureDriver, name: str, serde: Serde[T]) -> None:
        self._driver = driver
        self._name = name
        self._serde = serde

    def value(self) -> RestateDurableFuture[T]:
        """Wait for the value. Awaiting a rejected promise raises a terminal error."""
        handle = self._driver.issue("await a promise").get_promise(self._name)
        return RestateDurableFuture(self._driver, handle, self._serde, self._subject)

    def peek(self) -> Awaitable[T | None]:
        """Return the value, or None if the promise is not completed. A rejected one raises a terminal error."""
        handle = self._driver.issue("peek at a promise").peek_promise(self._name)
        return OptionalFuture(self._driver, handle, self._serde, self._subject)

    def resolve(self, value: T) -> Awaitable[None]:
        """Complete the promise. Awaiting this raises a terminal error 409 if it was already completed."""
        body = values.write(self._serde, value, self._subject)
        handle = self._driver.issue("resolve a promise").resolve_promise(self._name, body)
        return RestateDurableFuture(self._driver, handle, None, self._subject)

    def reject(self, message: str, code: int = 500) -> Awaitable[None]:
        """Reject the promise. Awaiting this raises a terminal error 409 if it was already completed."""
        arguments.expect_text(message, f"the message that rejects {self._subject}")
        arguments.expect_code(code, f"the code that rejects {self._subject}")
        handle = self._driver.issue("reject a promise").reject_promise(self._name, Failure(code, message))
        return RestateDurableFuture(self._driver, handle, None, self._subject)

    def __await__(self) -> Generator[Any, None, T]:
        return self.value().__await__()

    def __bool__(self) -> bool:
        note_truth(self._subject, is_awaited=False)
        return True

    @property
    def _subject(self) -> str:
        return f'promise "{self._name}"'
