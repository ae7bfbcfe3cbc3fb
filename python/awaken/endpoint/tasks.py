"""Which asyncio tasks belong to a handler.

Tasks that a handler starts (also through `asyncio.gather`, `TaskGroup` and libraries) inherit its context variables, by
which `owner` finds the attempt. A task factory on the loop reports each of them to the attempt, which has to know when
all of them have come to rest, and which cancels the remaining ones when it is over.

asyncio keeps tasks in sets. Those of a handler have hashes that repeat in every attempt, so that such a set iterates
in an order that replays.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, cast

from awaken.context.awakeable import Awakeable
from awaken.context.callback import Callback
from awaken.context.durable_future import DurableFuture
from awaken.context.extensions import running
from awaken.context.futures import SendHandle
from awaken.context.promise import DurablePromise
from awaken.endpoint import code_location
from awaken.errors import AttemptClosedError, LocalProtocolError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextvars import Context

    from awaken.context.context import Context as HandlerContext


class Owner(Protocol):
    """An attempt, as its tasks see it."""

    def note_activity(self) -> None:
        """Note that one of its tasks took a step."""
        ...

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """Own a new task."""
        ...

    def number_task(self) -> int:
        """Return the number of the next task, which repeats in every attempt."""
        ...

    @property
    def hash_base(self) -> int:
        """A number that differs between invocations and is the same in all attempts of one."""
        ...

    @property
    def target(self) -> str:
        """Service and handler, as `Greeter/greet`."""
        ...

    @property
    def where(self) -> str:
        """The handler and its invocation, for texts."""
        ...

    def close_generator(self, generator: AsyncGenerator[Any, Any]) -> None:
        """Close an async generator that one of its tasks left."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether the attempt has ended, so that nothing the handler does has an effect."""
        ...

    def complain(self, deed: str, interrupted_at: code_location.CodeLocation | None) -> None:
        """Log that code continued after the end of its attempt."""
        ...


#: In the names of the files of anyio, whose task groups execute each coroutine in one of their own.
_ANYIO = f"{os.sep}anyio{os.sep}"

#: Folders of libraries; see `forgive_tasks_of`.
_forgiven: set[str] = set()


def forgive_tasks_of(folder: str) -> None:
    """Do not complain about tasks of a library that hide the end of an attempt: its users cannot change that.

    Args:
        folder: where the library is installed, with a separator at its end. What it does after the end of an attempt
            is refused as ever.
    """
    _forgiven.add(folder)


#: The name of the run whose closure executes in this context. Its tasks are its own, and it issues no commands.
executing_run: ContextVar[str | None] = ContextVar("awaken_executing_run", default=None)

#: Stands for a run's name where the garbage collector has something finished.
COLLECTED = "(garbage)"

#: Awaitables that make progress without a task and are not coroutines.
_NO_COROUTINES = (DurableFuture, Awakeable, Callback, DurablePromise, SendHandle)


def owner() -> Owner | None:
    """Return the attempt whose handler runs here."""
    return _attempt_of(running.get())


def _attempt_of(handler: HandlerContext | None) -> Owner | None:
    return None if handler is None else cast("Owner", handler._driver)


def install(loop: asyncio.AbstractEventLoop) -> None:
    """Have the loop report the tasks of handlers to their attempts; a task factory that is set already stays in use."""
    factory = loop.get_task_factory()
    if type(factory) is not _TaskFactory:
        loop.set_task_factory(_TaskFactory(factory))


if sys.version_info >= (3, 12):
    current_task = asyncio.current_task  # compiled
else:
    #: The current task of each loop; `asyncio.current_task` is a function of Python around it.
    current_task = asyncio.tasks._current_tasks.get  # type: ignore[attr-defined]  # it is there until 3.13


def is_runnable(task: asyncio.Task[Any] | None) -> bool:
    """Tell whether a task, not the current one, is about to take a step: what it waited for is done."""
    if task is None or task.done():
        return False
    waiter = getattr(task, "_fut_waiter", task)
    return waiter is None or (waiter is not task and waiter.done())


class HandlerTask(asyncio.Task[Any]):
    """A task with the same hash in every attempt."""

    __slots__ = ("_number",)

    def __init__(self, coroutine: Any, number: int, **options: Any) -> None:
        self._number = number  # asyncio puts the task into a set at once
        super().__init__(coroutine, **options)

    def __hash__(self) -> int:
        return self._number


def _subject(given: object) -> str:
    return given.subject if isinstance(given, DurableFuture) else f"a value of type {type(given).__name__}"


class _TaskFactory:
    """Makes the tasks of handlers; others are made by the factory that was there before, or by asyncio."""

    __slots__ = ("_inner",)

    def __init__(self, inner: Any) -> None:
        self._inner: Callable[..., asyncio.Task[Any]] | None = inner

    def __call__(
        self,
        loop: asyncio.AbstractEventLoop,
        coroutine: Any,
        *,
        context: Context | None = None,
        **options: Any,
    ) -> asyncio.Task[Any]:
        make = self._inner
        if context is None:
            attempt, run = owner(), executing_run.get()
        else:
            attempt, run = _attempt_of(context.get(running)), context.get(executing_run)
            options["context"] = context
        if attempt is not None and isinstance(coroutine, _NO_COROUTINES):
            raise UsageError(
                f"{_subject(coroutine)} cannot become a task, and needs none to make progress; wait for several with "
                "asyncio.gather(...), or make a task of an `async def` that awaits it"
            )
        if attempt is None or run is not None or not asyncio.iscoroutine(coroutine):
            return (
                asyncio.Task(coroutine, loop=loop, **options)
                if make is None
                else make(loop, coroutine, **options)
            )
        watched = _Watched(_in_order(coroutine), attempt)
        number = attempt.number_task()
        if make is None and options.get("name") is None:  # or asyncio counts the tasks of the whole process
            options["name"] = f"{attempt.target} {number}"
        task = (
            HandlerTask(watched, attempt.hash_base + 2 * number + 1, loop=loop, **options)
            if make is None
            else make(loop, watched, **options)
        )
        attempt.adopt(task)
        return task


_AS_COMPLETED = asyncio.as_completed.__code__

#: Calls between `asyncio.as_completed` and the task factory, at most.
_DEPTH = 6

#: What is left to start of the arguments of an `asyncio.as_completed`, by their identity. Filled and emptied within one
#: step of one task.
_started: dict[int, tuple[Any, deque[Any], set[int]]] = {}


def _in_order(coroutine: Any) -> Any:
    """Return the coroutine to start when asyncio starts this one.

    `asyncio.as_completed` keeps its arguments in a set, which orders coroutines by address. Which of its
    tasks runs which coroutine makes no difference to it, so they are started in the order of the arguments.
    """
    frame = sys._getframe(2)
    for _ in range(_DEPTH):
        if frame.f_code is _AS_COMPLETED:
            break
        if frame.f_back is None:
            return coroutine
        frame = frame.f_back
    else:
        return coroutine
    given = frame.f_locals["fs"]
    if isinstance(given, (set, frozenset)) or iter(given) is given:
        coroutine.close()
        raise LocalProtocolError(
            f"asyncio.as_completed{code_location.place_for_callers()} got coroutines in a {type(given).__name__}, "
            "from which it starts them in an order that does not replay; give it a list"
        )
    burst = _started.get(id(given))
    if burst is None:
        waiting = deque(one for one in dict.fromkeys(given) if not asyncio.isfuture(one))
        burst = _started[id(given)] = given, waiting, {id(one) for one in waiting}
    _, waiting, known = burst
    chosen = waiting.popleft()
    if not waiting:
        del _started[id(given)]
    if id(coroutine) not in known:
        coroutine.close()  # asyncio's wrapper of an awaitable object, which gets its turn without it
    return chosen if asyncio.iscoroutine(chosen) else _result_of(chosen)


async def _result_of(awaitable: Any) -> Any:
    return await awaitable


def _keeps_cancellations(coroutine: Coroutine[Any, Any, Any]) -> bool:
    """Return whether a task may end well although it was cancelled: those of anyio's task groups do.

    The group knows that it was cancelled, and raises that itself. Libraries may be forgiven the same.
    """
    code = getattr(coroutine, "cr_code", None)
    return code is not None and (_ANYIO in code.co_filename or code.co_filename.startswith(tuple(_forgiven)))


class _Watched(Coroutine[Any, Any, Any]):
    """A coroutine that reports every step to its attempt, and that cannot exit the process."""

    __slots__ = ("_attempt", "_inner", "_interrupted_at")

    def __init__(self, inner: Coroutine[Any, Any, Any], attempt: Owner) -> None:
        self._inner = inner
        self._attempt = attempt
        self._interrupted_at: code_location.CodeLocation | None = None

    def send(self, value: Any) -> Any:
        return self._step(self._inner.send, value)

    def throw(self, *error: Any) -> Any:
        if self._attempt.is_over and self._interrupted_at is None:
            self._interrupted_at = code_location.innermost(self._inner)
        return self._step(self._inner.throw, *error)

    def _step(self, step: Callable[..., Any], *value: Any) -> Any:
        self._attempt.note_activity()
        try:
            return step(*value)
        except StopIteration:
            if (
                self._interrupted_at is not None
                and self._interrupted_at.is_durable
                and not _keeps_cancellations(self._inner)
            ):
                self._attempt.complain("ended a task", self._interrupted_at)
            raise
        except AttemptClosedError as error:
            raise asyncio.CancelledError from error  # no code is left that would ask for the task's error
        except (SystemExit, KeyboardInterrupt) as error:
            raise RuntimeError(f"a task of a durable handler raised {error!r}") from error

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Any:
        return self._inner.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
