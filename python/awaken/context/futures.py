"""The kinds of durable futures that a context returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

from awaken.context.durable_future import DurableFuture
from awaken.context.unawaited import refuse_attribute

if TYPE_CHECKING:
    from awaken._core import Result
    from awaken.context.durable_future import FutureDriver
    from awaken.serde import Serde

__all__ = [
    "OptionalFuture",
    "RestateDurableCallFuture",
    "RestateDurableFuture",
    "RestateDurableSleepFuture",
    "SendHandle",
    "StartedInvocation",
]

T = TypeVar("T")


class RestateDurableFuture(DurableFuture[T]):
    """A durable result of type T."""

    __slots__ = ()


class OptionalFuture(RestateDurableFuture[T | None]):
    """A result that may be absent. An absent result is None, and is not deserialized."""

    __slots__ = ()

    def settle(self, result: Result) -> None:
        """Complete with a result of the machine."""
        if result is None and not self.done():
            self.set_result(None)
            self._wake(None)
        else:
            super().settle(result)


class RestateDurableSleepFuture(RestateDurableFuture[None]):
    """A durable timer."""

    __slots__ = ()

    @classmethod
    def start(cls, driver: FutureDriver, wake_up: int, name: str = "") -> Self:
        """Start a timer that fires at a given time, in UTC milliseconds."""
        return cls(driver, driver.issue("sleep").sleep(wake_up, name), None, "sleep")


class StartedInvocation:
    """An invocation that the handler started. Its id is known once the runtime has assigned it."""

    __slots__ = ("_id",)

    def __init__(self, identifier: RestateDurableFuture[str]) -> None:
        self._id = identifier

    async def invocation_id(self) -> str:
        """Return the id of the started invocation."""
        return await self._id

    async def cancel_invocation(self) -> None:
        """Cancel the started invocation. Its handler gets a terminal error 409 at its next await."""
        identifier = await self._id
        self._id._driver.issue("cancel an invocation").cancel_invocation(identifier)


class RestateDurableCallFuture(RestateDurableFuture[T]):
    """The result of a call to another handler."""

    __slots__ = ("_invocation",)

    is_result = True

    def __init__(
        self,
        driver: FutureDriver,
        handle: int,
        serde: Serde[Any] | None,
        subject: str,
        invocation: StartedInvocation,
    ) -> None:
        super().__init__(driver, handle, serde, subject)
        self._invocation = invocation

    async def invocation_id(self) -> str:
        """Return the id of the called invocation."""
        return await self._invocation.invocation_id()

    async def cancel_invocation(self) -> None:
        """Cancel the called invocation. This future then fails with a terminal error 409."""
        await self._invocation.cancel_invocation()


class SendHandle(StartedInvocation):
    """An invocation that was started without waiting for its result."""

    __slots__ = ()


if not TYPE_CHECKING:  # type checkers know the attributes and reject others
    SendHandle.__getattr__ = refuse_attribute
