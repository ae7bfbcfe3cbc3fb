"""Durable futures: results that survive the process that awaits them.

A durable future is an `asyncio.Future`, so everything in asyncio accepts it. What is special is who completes it:
the attempt, one result at a time, in the order of the journal, and only when the handler has come to rest. Awaiting
one directly from the handler is the short way (`Driver.wait`); a callback added to one, which is how `asyncio.gather`
and `asyncio.wait` await, is the general way (`Driver.watch`). A task that awaits one waits on a future of its own
(`DurableFuture.park`), so cancelling the task leaves the durable result alone.
"""

from __future__ import annotations

import asyncio
import re
import sys
from opcode import opmap
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, NoReturn, Protocol, Self, TypeVar

from awaken._core import Failure
from awaken.context.deadlines import Timeout
from awaken.errors import SerdeError, TerminalError, UnknownAttributeError, UsageError
from awaken.handler import arguments
from awaken.serde import DefaultSerde
from awaken.serde.annotations import raw_type
from awaken.serde.validation import tell
from awaken.timing import time_limits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from datetime import timedelta

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

#: The instruction by which `yield from` asks for an iterator.
_YIELD_FROM = opmap.get("GET_YIELD_FROM_ITER")

#: An id in the name of a future.
_ID = re.compile(r" (inv|sign|prom)_[\w-]+")


class Driver(Protocol):
    """What futures and contexts need from the attempt that owns them."""

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


#: The result of a done future, past the override below.
_result = asyncio.Future.result


class _UnfinishedError(UsageError, asyncio.InvalidStateError):
    """A durable result was asked for before it was awaited, which it is in every attempt."""


class DurableFuture(asyncio.Future[T]):
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

    def __iter__(self) -> Generator[Any, None, T]:
        """Await this by `yield from`, as in an `__await__` of the author's; anything else forgot to await."""
        frame = sys._getframe(1)
        if frame.f_code.co_code[frame.f_lasti] != _YIELD_FROM:
            raise UsageError(_unawaited(self))
        return self.__await__()

    if not TYPE_CHECKING:  # type checkers know the attributes, and refuse others

        def __getattr__(self, name):
            if name.startswith("_"):
                raise AttributeError(f"{type(self).__name__} has no attribute {name!r}", name=name, obj=self)
            raise UnknownAttributeError(f"{_unawaited(self)}; it was asked for its {name!r}")

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
        super().__init__(loop=self._driver.loop)
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

    def within(self, limit: timedelta | float) -> Timeout:
        """Return a context manager whose block has so long, durably, to await this; see `Context.timeout`."""
        subject = f"no result of {self._subject}"
        return deadline(self._driver, limit, subject, f"the time for {self._subject}")

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


def _unawaited(future: DurableFuture[Any]) -> str:
    return f"{future.subject} was used before it was awaited; write `await` before the call that gave it"


def _forbid(name: str) -> None:
    """Have an operation that every value may have, and no future, name the `await` that is missing."""

    def refuse(self: DurableFuture[Any], *_: object) -> NoReturn:
        raise UsageError(_unawaited(self))

    setattr(DurableFuture, name, refuse)


# Not of these: comparing for equality and asking for truth, which libraries do with futures.
for _name in (
    *(
        "add",
        "radd",
        "sub",
        "rsub",
        "mul",
        "rmul",
        "truediv",
        "rtruediv",
        "floordiv",
        "rfloordiv",
        "mod",
        "rmod",
    ),
    *("pow", "rpow", "neg", "abs", "and", "rand", "or", "ror", "lt", "le", "gt", "ge"),
    *("int", "float", "index", "getitem", "setitem", "delitem", "contains"),
):
    _forbid(f"__{_name}__")


class RestateDurableFuture(DurableFuture[T]):
    """A durable result of type T."""

    __slots__ = ()


class AwakeableFuture(RestateDurableFuture[T]):
    """The result of an awakeable, which somebody outside sends: an empty payload is JSON's null."""

    __slots__ = ()

    def _read(self, serde: Serde[Any], data: bytes) -> Any:
        if not data and isinstance(serde, DefaultSerde) and raw_type(serde.type_hint) is None:
            data = b"null"
        return super()._read(serde, data)


class OptionalFuture(RestateDurableFuture[T | None]):
    """A result that may be absent, which is None and not an empty payload."""

    __slots__ = ()

    def settle(self, result: Result) -> None:
        """Complete with what the machine released."""
        if result is None and not self.done():
            self.set_result(None)
            self._wake(None)
        else:
            super().settle(result)


class RestateDurableSleepFuture(RestateDurableFuture[None]):
    """A durable timer."""

    __slots__ = ()

    @classmethod
    def start(cls, driver: Driver, wake_up: int, name: str = "") -> Self:
        """Start a timer that fires at a moment, in UTC milliseconds."""
        return cls(driver, driver.issue("sleep").sleep(wake_up, name), None, "sleep")


class DeadlineFuture(RestateDurableSleepFuture):
    """A durable timer that bounds what else the handler waits for."""

    __slots__ = ()

    is_deadline = True


def deadline(driver: Driver, limit: timedelta | float, subject: str, what: str) -> Timeout:
    """Return a context manager that bounds the time spent in its block, durably.

    Args:
        driver: the attempt.
        limit: a duration, or seconds.
        subject: what is to say when the time is over.
        what: names the limit, for the error's text.
    """
    seconds = time_limits.milliseconds(limit, what) / 1000

    def start() -> DeadlineFuture:
        return DeadlineFuture.start(driver, time_limits.moment_after(limit, what))

    return Timeout(start, f"{subject} within {seconds:g} s")


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

    is_result = True

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
        async with self.future.within(timeout):
            return await self.future


if not TYPE_CHECKING:  # type checkers know the attributes, and refuse others
    SendHandle.__getattr__ = Awakeable.__getattr__ = arguments.refuse_attribute


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
        body = arguments.write(self._serde, value, self._subject)
        handle = self._driver.issue("resolve a promise").resolve_promise(self._name, body)
        return RestateDurableFuture(self._driver, handle, None, self._subject)

    def reject(self, message: str, code: int = 500) -> Awaitable[None]:
        """Fail the promise; awaiting raises a terminal error 409 when it is completed already."""
        arguments.expect_text(message, f"the message that rejects {self._subject}")
        arguments.expect_code(code, f"the code that rejects {self._subject}")
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
    detail = str(reason) if isinstance(reason, SerdeError) else f"{type(serde).__name__}: {tell(reason)}"
    return TerminalError(f"{subject} got a payload that does not decode: {detail}")
