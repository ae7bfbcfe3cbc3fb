"""Durable futures: results that survive the process that awaits them.

A durable future is an `asyncio.Future`, so everything in asyncio accepts it. What is special is who completes it:
the attempt, one result at a time, in the order of the journal, and only when the handler has come to rest. Awaiting
one directly from the handler is the short way (`Driver.wait`); a callback added to one, which is how `asyncio.gather`,
`asyncio.wait` and tasks await, is the general way (`Driver.watch`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from awaken._core import Failure
from awaken.errors import SerdeError, TerminalError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from awaken._core import EndpointMachine, Result
    from awaken.serde import Serde

__all__ = [
    "Awakeable",
    "DurablePromise",
    "RestateDurableCallFuture",
    "RestateDurableFuture",
    "RestateDurableSleepFuture",
    "SendHandle",
]

T = TypeVar("T")


class Driver(Protocol):
    """What futures and contexts need from the attempt that owns them."""

    machine: EndpointMachine
    loop: asyncio.AbstractEventLoop

    def issue(self, operation: str) -> EndpointMachine:
        """Return the machine for a command, or raise when no command is possible here.

        Args:
            operation: what the handler is about to do, for the error's text.
        """
        ...

    def wait(self, future: DurableFuture[Any]) -> Generator[Any, None, None]:
        """Wait in the awaiting task until the future is done."""
        ...

    def watch(self, future: DurableFuture[Any]) -> None:
        """Note that something other than a direct await waits for the future."""
        ...

    def unwatch(self, future: DurableFuture[Any]) -> None:
        """Note that nobody waits for the future any more."""
        ...


class DurableFuture(asyncio.Future[T]):
    """The result of a command or a signal, by its handle."""

    __slots__ = ("_driver", "_serde", "_subject", "_watchers", "handle")

    def __init__(self, driver: Driver, handle: int, serde: Serde[Any] | None, subject: str) -> None:
        """Tie a handle to its result's serde.

        Args:
            driver: the attempt.
            handle: the machine's number of the result.
            serde: turns a value's bytes into the result; None gives the result as the machine tells it.
            subject: what this is, for error texts.
        """
        super().__init__(loop=driver.loop)
        self._driver = driver
        self.handle = handle
        self._serde = serde
        self._subject = subject
        self._watchers = 0

    @property
    def subject(self) -> str:
        """What this is, for error texts."""
        return self._subject

    def __await__(self) -> Generator[Any, None, T]:
        if not self.done():
            yield from self._driver.wait(self)
        return self.result()

    __iter__ = __await__

    def park(self) -> Generator[Any, None, T]:
        """Wait as an ordinary asyncio future."""
        return super().__await__()

    def add_done_callback(self, callback: Callable[..., object], /, *, context: Any = None) -> None:
        """Add a callback as every asyncio future does, and have the attempt work towards the result."""
        super().add_done_callback(callback, context=context)
        if not self.done():
            self._watchers += 1
            self._driver.watch(self)

    def remove_done_callback(self, callback: Callable[..., object], /) -> int:
        """Remove a callback; without any the attempt no longer awaits the result."""
        removed = super().remove_done_callback(callback)
        self._forget(removed)
        return removed

    def cancel(self, msg: Any | None = None) -> bool:
        """Stop waiting. The command stays in the journal; its result is ignored."""
        cancelled = super().cancel(msg)
        if cancelled:
            self._forget(self._watchers)
        return cancelled

    def settle(self, result: Result) -> None:
        """Complete with what the machine released; a value that does not decode is a terminal error."""
        if self.done():
            return
        if isinstance(result, Failure):
            self._reject(terminal_error(result))
        elif self._serde is None:
            self.set_result(result)  # type: ignore[arg-type]  # the command's own result type
        else:
            try:
                value = self._serde.deserialize(result if isinstance(result, bytes) else b"")
            except Exception as reason:
                self._reject(undecodable(self._subject, self._serde, reason))
            else:
                self.set_result(value)  # type: ignore[arg-type]  # None for an empty value is part of every T

    def interrupt(self, error: BaseException) -> None:
        """Complete with an error that is not in the journal's result: cancellation of the invocation."""
        if not self.done():
            self._reject(error)

    def _reject(self, error: BaseException) -> None:
        self.set_exception(error)
        # Whether anybody looks at it is the handler's business: a durable result nobody awaits is no fault.
        self._log_traceback = False

    def _forget(self, count: int) -> None:
        if count:
            self._watchers -= count
            if self._watchers <= 0:
                self._driver.unwatch(self)


class RestateDurableFuture(DurableFuture[T]):
    """A durable result of type T."""

    __slots__ = ()


class OptionalFuture(RestateDurableFuture[T | None]):
    """A result that may be absent, which is None and not an empty payload."""

    __slots__ = ()

    def settle(self, result: Result) -> None:
        """Complete with what the machine released."""
        if result is None and not self.done():
            self.set_result(None)
        else:
            super().settle(result)


class RestateDurableSleepFuture(RestateDurableFuture[None]):
    """A durable timer."""

    __slots__ = ()


class _Invocation:
    """What the caller knows of an invocation it started: the id, once the runtime told it."""

    __slots__ = ("_cancel", "_id")

    def __init__(self, identifier: RestateDurableFuture[str], cancel: Callable[[str], None]) -> None:
        self._id = identifier
        self._cancel = cancel

    async def invocation_id(self) -> str:
        """Return the textual id of the started invocation."""
        return await self._id

    async def cancel_invocation(self) -> None:
        """Cancel the started invocation; it sees a terminal error 409 at its next await."""
        self._cancel(await self._id)


class RestateDurableCallFuture(RestateDurableFuture[T]):
    """The result of a call to another handler."""

    __slots__ = ("_invocation",)

    def __init__(
        self, driver: Driver, handle: int, serde: Serde[Any] | None, subject: str, invocation: _Invocation
    ) -> None:
        super().__init__(driver, handle, serde, subject)
        self._invocation = invocation

    async def invocation_id(self) -> str:
        """Return the textual id of the called invocation."""
        return await self._invocation.invocation_id()

    async def cancel_invocation(self) -> None:
        """Cancel the called invocation; this future then fails with a terminal error 409."""
        await self._invocation.cancel_invocation()


class SendHandle(_Invocation):
    """An invocation that was started without waiting for its result."""

    __slots__ = ()


class Awakeable(NamedTuple, Generic[T]):
    """A result that somebody outside gives: unpacks as `(id, future)`, and can be awaited itself."""

    #: What the process outside resolves or rejects. Not a secret: it can be computed from the invocation id.
    id: str
    #: The durable result.
    future: RestateDurableFuture[T]

    def __await__(self) -> Generator[Any, None, T]:
        return self.future.__await__()


class DurablePromise(Generic[T]):
    """A workflow's promise: completed once, by any of its handlers, read by all of them."""

    __slots__ = ("_driver", "_name", "_serde")

    def __init__(self, driver: Driver, name: str, serde: Serde[T]) -> None:
        self._driver = driver
        self._name = name
        self._serde = serde

    def value(self) -> RestateDurableFuture[T]:
        """Wait for the value; a rejected promise raises a terminal error."""
        handle = self._driver.issue("await a promise").get_promise(self._name)
        return RestateDurableFuture(self._driver, handle, self._serde, self._subject)

    def peek(self) -> Awaitable[T | None]:
        """Return the value, or None while the promise is open; a rejected one raises a terminal error."""
        handle = self._driver.issue("peek at a promise").peek_promise(self._name)
        return OptionalFuture(self._driver, handle, self._serde, self._subject)

    def resolve(self, value: T) -> Awaitable[None]:
        """Complete the promise; awaiting raises a terminal error 409 when it is completed already."""
        body = self._serde.serialize(value)
        handle = self._driver.issue("resolve a promise").resolve_promise(self._name, body)
        return RestateDurableFuture(self._driver, handle, None, self._subject)

    def reject(self, message: str, code: int = 500) -> Awaitable[None]:
        """Fail the promise; awaiting raises a terminal error 409 when it is completed already."""
        handle = self._driver.issue("reject a promise").reject_promise(self._name, Failure(code, message))
        return RestateDurableFuture(self._driver, handle, None, self._subject)

    def __await__(self) -> Generator[Any, None, T]:
        return self.value().__await__()

    @property
    def _subject(self) -> str:
        return f'promise "{self._name}"'


def terminal_error(failure: Failure) -> TerminalError:
    """Return the exception that a wire failure raises in the handler."""
    return TerminalError(failure.message, failure.code, dict(failure.metadata) or None)


def undecodable(subject: str, serde: Serde[Any], reason: Exception) -> TerminalError:
    """Return the terminal error for bytes that are not what the handler declared."""
    detail = str(reason) if isinstance(reason, SerdeError) else f"{type(serde).__name__}: {reason!r}"
    return TerminalError(f"{subject} got a payload that does not decode: {detail}")
