"""Durable futures: results that survive the process that awaits them.

A durable future is an `asyncio.Future`, so every function of asyncio accepts it. The attempt completes durable futures,
one at a time, in the order of the journal, and only when the handler is at rest: when it can do nothing more without a
result. There are two ways to wait for one. The handler awaits it directly, which is the fast path
(`FutureDriver.wait`). Or something adds a callback, as `asyncio.gather` and `asyncio.wait` do (`FutureDriver.watch`).
A task that awaits a durable future waits on a future of its own (`DurableFuture.park`), so cancelling the task leaves
the durable result untouched.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from awaken._core import Failure
from awaken.context.unawaited import Unawaited
from awaken.errors import SerdeError, TerminalError, UsageError
from awaken.serde import DefaultSerde
from awaken.serde.validation import error_text

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from awaken._core import EndpointMachine, Result
    from awaken.context.commands import Commands
    from awaken.serde import Serde

__all__ = ["DurableFuture", "FutureDriver", "place_in"]

T = TypeVar("T")

#: An id in the description of a future.
_ID = re.compile(r" (inv|sign|prom)_[\w-]+")


class FutureDriver(Protocol):
    """The operations of an attempt that its durable futures use."""

    machine: EndpointMachine
    loop: asyncio.AbstractEventLoop
    #: Whether the endpoint validates every value against its annotation.
    is_strict: bool

    @property
    def target(self) -> str:
        """Service and handler, as `Greeter/greet`."""
        ...

    @property
    def hash_base(self) -> int:
        """A number that differs between invocations and is the same in all attempts of an invocation."""
        ...

    def issue(self, operation: str) -> Commands:
        """Return the receiver of commands, to issue one. Raise if no command is possible here.

        Args:
            operation: what the command does, for the error text.
        """
        ...

    def wait(self, future: DurableFuture[T]) -> Generator[Any, None, T]:
        """Block the awaiting task until the future is done, and return or raise its result."""
        ...

    def watch(self, future: DurableFuture[Any]) -> None:
        """Note that something other than a direct await waits for the future."""
        ...

    def unwatch(self, future: DurableFuture[Any]) -> None:
        """Note that nothing waits for the future any longer."""
        ...


#: Methods of the base class. A lookup on a durable future costs more, because its class has `__getattr__`.
_init = asyncio.Future.__init__
_is_done = asyncio.Future.done
_result = asyncio.Future.result
_set_result: Callable[[asyncio.Future[Any], Any], None] = asyncio.Future.set_result


class _UnfinishedError(UsageError, asyncio.InvalidStateError):
    """A durable result was read before it was awaited. This would happen again in every attempt."""


class DurableFuture(Unawaited, asyncio.Future[T]):
    """The result of a command or a signal, identified by its handle.

    Its hash is the same in every attempt, so that sets of durable futures iterate in the same order in a replay.
    """

    __slots__ = (
        "_driver",
        "_is_lapsed",
        "_serde",
        "_subject",
        "_waiters",
        "_watchers",
        "handle",
        "is_awaited",
    )

    #: Whether this only limits how long the handler waits for other results.
    is_deadline = False
    #: Whether the value is the result of a run or a handler, which is never rejected because of its annotation.
    is_result = False

    def __init__(self, driver: FutureDriver, handle: int, serde: Serde[Any] | None, subject: str) -> None:
        """Initialize a pending future.

        Args:
            driver: the attempt.
            handle: the machine's number of the result.
            serde: deserializes the value; None for a result that the machine already returns as a Python object.
            subject: describes the result, for error texts.
        """
        _init(self, loop=driver.loop)
        self._driver = driver
        self.handle = handle
        self._serde = serde
        self._subject = subject
        #: Number of callbacks and tasks that wait for the result.
        self._watchers = 0
        #: Futures of the tasks that await this directly.
        self._waiters: list[asyncio.Future[None]] | None = None
        #: Whether this was cancelled and is pending again.
        self._is_lapsed = False
        #: Whether the handler waits for the result, or has waited for it.
        self.is_awaited = False

    @property
    def subject(self) -> str:
        """A description of the result, for error texts."""
        return self._subject

    def __await__(self) -> Generator[Any, None, T]:
        return self._driver.wait(self)

    def __hash__(self) -> int:
        return self._driver.hash_base + 2 * self.handle

    def park(self) -> Generator[Any, None, None]:
        """Wait for the result on a future that belongs to the waiting task."""
        waiter = self._driver.loop.create_future()
        if self._waiters is None:
            self._waiters = []
        self._waiters.append(waiter)
        self._watchers += 1
        self._watch()
        try:
            yield from waiter
        finally:
            self._waiters.remove(waiter)
            self._forget(1)

    def cancelled(self) -> bool:
        """Return whether this was cancelled and has not received a result since."""
        return super().cancelled() or (self._is_lapsed and not self.done())

    def result(self) -> T:
        """Return the result. Raise CancelledError if this was cancelled and has not received a result since."""
        self._expect_done()
        return _result(self)

    def exception(self) -> BaseException | None:
        """Return the error. Raise CancelledError if this was cancelled and has not received a result since."""
        self._expect_done()
        return super().exception()

    def _expect_done(self) -> None:
        if self.done():
            return
        if self._is_lapsed:
            raise asyncio.CancelledError
        raise _UnfinishedError(
            f"{self.subject} has no result yet; write `await` before the call that returned it"
        )

    def add_done_callback(self, callback: Callable[..., object], /, *, context: Any = None) -> None:
        """Add a callback, as for every asyncio future. The attempt then waits for the result."""
        super().add_done_callback(callback, context=context)
        if not self.done():
            self._watchers += 1
            self._watch()

    def remove_done_callback(self, callback: Callable[..., object], /) -> int:
        """Remove a callback. Without callbacks, the attempt no longer waits for the result."""
        removed = super().remove_done_callback(callback)
        self._forget(removed)
        return removed

    def cancel(self, msg: Any | None = None) -> bool:
        """Stop waiting through functions of asyncio. The durable result stays as it is.

        Callbacks see a cancelled future, so `asyncio.gather` and `asyncio.wait_for` end as usual. The command stays in
        the journal, and its result may still arrive: you can await this again.
        """
        if not super().cancel(msg):
            return False
        _init(self, loop=self._driver.loop)
        self._is_lapsed = True
        waiting = len(self._waiters) if self._waiters else 0
        self._forget(self._watchers - waiting)
        return True

    def settle(self, result: Result) -> None:
        """Complete with a result of the machine. A value that cannot be deserialized is a terminal error."""
        if _is_done(self):
            return
        serde = self._serde
        if isinstance(result, Failure):
            self._reject(terminal_error(result))
        elif serde is None:
            _set_result(self, result)  # of the type that the command returns
        else:
            try:
                value = self._read(serde, result if isinstance(result, bytes) else b"")
            except Exception as reason:
                self._reject(undecodable(self.subject, serde, reason))
            else:
                _set_result(self, value)  # None, for an empty value, belongs to every T
        if self._waiters is not None:
            self._wake(None)

    def _read(self, serde: Serde[Any], data: bytes) -> Any:
        if not isinstance(serde, DefaultSerde):
            return serde.deserialize(data)
        return serde.read(data, self._place, is_strict=self._driver.is_strict, is_result=self.is_result)

    def _place(self) -> str:
        """Describe where the handler gets this value, in words that are the same in every invocation."""
        return place_in(self._driver, self.subject)

    def interrupt(self, error: BaseException) -> None:
        """Raise an error where this is awaited that is not a result of the journal: the invocation was cancelled.

        A task that awaits this directly may await it again. For functions of asyncio, this is done with the error.
        """
        if self.done():
            return
        if self._watchers > (len(self._waiters) if self._waiters else 0):
            self._reject(error)
        self._wake(error)

    def _wake(self, error: BaseException | None) -> None:
        for waiter in self._waiters or ():
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)

    def _reject(self, error: BaseException) -> None:
        self.set_exception(error)
        # A handler may ignore a durable result, so asyncio must not complain about an exception that was not retrieved.
        self._log_traceback = False

    def _watch(self) -> None:
        self._driver.watch(self)

    def _unwatch(self) -> None:
        self._driver.unwatch(self)

    def _forget(self, count: int) -> None:
        if count:
            self._watchers -= count
            if self._watchers <= 0:
                self._unwatch()


def place_in(driver: FutureDriver, subject: str) -> str:
    """Describe what a handler gets, in words that are the same in every invocation."""
    return f"{_ID.sub('', subject)} of {driver.target}"


def terminal_error(failure: Failure) -> TerminalError:
    """Return the exception that the handler gets for a failure from the wire."""
    return TerminalError(failure.message, failure.code, dict(failure.metadata) or None)


def undecodable(subject: str, serde: Serde[Any], reason: Exception) -> TerminalError:
    """Return the terminal error for a payload that is not of the declared type."""
    detail = (
        str(reason) if isinstance(reason, SerdeError) else f"{type(serde).__name__}: {error_text(reason)}"
    )
    return TerminalError(f"{subject} got a payload that does not decode: {detail}")
