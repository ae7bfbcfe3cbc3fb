"""Durable futures: results that survive the process that awaits them.

A durable future is an `asyncio.Future`, so everything in asyncio accepts it. What is special is who completes it:
the attempt, one result at a time, in the order of the journal, and only when the handler has come to rest. Awaiting
one directly from the handler is the short way (`FutureDriver.wait`); a callback added to one, which is how
`asyncio.gather` and `asyncio.wait` await, is the general way (`FutureDriver.watch`). A task that awaits one waits on a
future of its own (`DurableFuture.park`), so cancelling the task leaves the durable result alone.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from awaken._core import Failure
from awaken.context.unawaited import Unawaited
from awaken.errors import SerdeError, TerminalError, UsageError
from awaken.serde import DefaultSerde
from awaken.serde.validation import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from awaken._core import EndpointMachine, Result
    from awaken.context.commands import Commands
    from awaken.serde import Serde

__all__ = ["DurableFuture", "FutureDriver"]

T = TypeVar("T")

#: An id in the name of a future.
_ID = re.compile(r" (inv|sign|prom)_[\w-]+")


class FutureDriver(Protocol):
    """What a durable future needs from the attempt that owns it."""

    machine: EndpointMachine
    loop: asyncio.AbstractEventLoop
    #: Whether the endpoint checks every value against its annotation.
    is_strict: bool

    @property
    def target(self) -> str:
        """Service and handler, as `Greeter/greet`."""
        ...

    @property
    def hash_base(self) -> int:
        """A number that differs between invocations and is the same in all attempts of one."""
        ...

    def issue(self, operation: str) -> Commands:
        """Return what takes a command, or raise when no command is possible here.

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


#: Methods of every future, past the overrides below.
_init = asyncio.Future.__init__
_result = asyncio.Future.result


class _UnfinishedError(UsageError, asyncio.InvalidStateError):
    """A durable result was asked for before it was awaited, which it is in every attempt."""


class DurableFuture(Unawaited, asyncio.Future[T]):
    """The result of a command or a signal, by its handle.

    Its hash repeats in every attempt, so a set of durable futures iterates in an order that replays.
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

    #: Whether this only bounds what else the handler waits for.
    is_deadline = False
    #: Whether the value is the result of finished work, which is never refused over its annotation.
    is_result = False

    def __init__(self, driver: FutureDriver, handle: int, serde: Serde[Any] | None, subject: str) -> None:
        """Tie a handle to its result's serde.

        Args:
            driver: the attempt.
            handle: the machine's number of the result.
            serde: turns a value's bytes into the result; None gives the result as the machine tells it.
            subject: what this is, for error texts.
        """
        _init(self, loop=driver.loop)
        self._driver = driver
        self.handle = handle
        self._serde = serde
        self._subject = subject
        #: Who waits for the result: callbacks and tasks.
        self._watchers = 0
        #: Where tasks wait that await this directly.
        self._waiters: list[asyncio.Future[None]] | None = None
        #: Whether this was cancelled, and is pending again.
        self._is_lapsed = False
        #: Whether anything in the handler has waited for the result, or does.
        self.is_awaited = False

    @property
    def subject(self) -> str:
        """What this is, for error texts."""
        return self._subject

    def __await__(self) -> Generator[Any, None, T]:
        if not self.done():
            yield from self._driver.wait(self)
        return _result(self)

    def __hash__(self) -> int:
        return self._driver.hash_base + 2 * self.handle

    def park(self) -> Generator[Any, None, None]:
        """Wait for the result on a future of the waiting task's own."""
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
        """Tell whether this was cancelled and has no result since."""
        return super().cancelled() or (self._is_lapsed and not self.done())

    def result(self) -> T:
        """Return the result; raises CancelledError when this was cancelled and has no result since."""
        self._expect_done()
        return _result(self)

    def exception(self) -> BaseException | None:
        """Return the error; raises CancelledError when this was cancelled and has no result since."""
        self._expect_done()
        return super().exception()

    def _expect_done(self) -> None:
        if self.done():
            return
        if self._is_lapsed:
            raise asyncio.CancelledError
        raise _UnfinishedError(
            f"{self.subject} has no result yet; write `await` before the call that gave it"
        )

    def add_done_callback(self, callback: Callable[..., object], /, *, context: Any = None) -> None:
        """Add a callback as every asyncio future does, and have the attempt work towards the result."""
        super().add_done_callback(callback, context=context)
        if not self.done():
            self._watchers += 1
            self._watch()

    def remove_done_callback(self, callback: Callable[..., object], /) -> int:
        """Remove a callback; without any the attempt no longer awaits the result."""
        removed = super().remove_done_callback(callback)
        self._forget(removed)
        return removed

    def cancel(self, msg: Any | None = None) -> bool:
        """Have whoever waits through asyncio's functions stop waiting; the durable result stays as it is.

        Callbacks see a cancelled future, so `asyncio.gather` and `asyncio.wait_for` end as they do elsewhere. The
        command stays in the journal, its result may still come, and awaiting this again waits for it.
        """
        if not super().cancel(msg):
            return False
        _init(self, loop=self._driver.loop)
        self._is_lapsed = True
        waiting = len(self._waiters) if self._waiters else 0
        self._forget(self._watchers - waiting)
        return True

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
                value = self._read(self._serde, result if isinstance(result, bytes) else b"")
            except Exception as reason:
                self._reject(undecodable(self._subject, self._serde, reason))
            else:
                self.set_result(value)  # None for an empty value is part of every T
        if self._waiters is not None:
            self._wake(None)

    def _read(self, serde: Serde[Any], data: bytes) -> Any:
        if not isinstance(serde, DefaultSerde):
            return serde.deserialize(data)
        return serde.read(data, self._place, is_strict=self._driver.is_strict, is_result=self.is_result)

    def _place(self) -> str:
        """Name where this value crosses, the same in every invocation."""
        return f"{_ID.sub('', self._subject)} of {self._driver.target}"

    def interrupt(self, error: BaseException) -> None:
        """Raise an error that is not the journal's result where this is awaited: cancellation of the invocation.

        A task that awaits this directly may do so again; for asyncio's functions, this is done with the error.
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
        # Whether anybody looks at it is the handler's business: a durable result nobody awaits is no fault.
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


def terminal_error(failure: Failure) -> TerminalError:
    """Return the exception that a wire failure raises in the handler."""
    return TerminalError(failure.message, failure.code, dict(failure.metadata) or None)


def undecodable(subject: str, serde: Serde[Any], reason: Exception) -> TerminalError:
    """Return the terminal error for bytes that are not what the handler declared."""
    detail = str(reason) if isinstance(reason, SerdeError) else f"{type(serde).__name__}: {tell(reason)}"
    return TerminalError(f"{subject} got a payload that does not decode: {detail}")
