"""Which asyncio tasks belong to a handler.

Tasks that a handler starts (also through `asyncio.gather`, `TaskGroup` and libraries) inherit its context, where
`owner` names the attempt. A task factory on the loop sees each of them and tells the attempt, which needs to know
when all of them have come to rest, and which cancels what is left when the attempt is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context


class Owner(Protocol):
    """An attempt, as its tasks see it."""

    def stir(self) -> None:
        """Note that one of its tasks took a step."""
        ...

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """Own a new task."""
        ...


#: The attempt whose handler runs in this context.
owner: ContextVar[Owner | None] = ContextVar("awaken_owner", default=None)

#: The name of the run whose closure executes in this context. Its tasks are its own, and it issues no commands.
executing_run: ContextVar[str | None] = ContextVar("awaken_executing_run", default=None)

_installed: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()


def install(loop: asyncio.AbstractEventLoop) -> None:
    """Have the loop tell attempts of their handlers' tasks; a task factory that is there already goes on working."""
    factory = loop.get_task_factory()
    if factory is not None and _installed.get(loop) is factory:
        return
    ours = _factory(factory)
    loop.set_task_factory(ours)
    _installed[loop] = ours


def _factory(inner: Any) -> Any:
    make: Callable[..., asyncio.Task[Any]] = inner or _make_task

    def create(
        loop: asyncio.AbstractEventLoop,
        coroutine: Any,
        *,
        context: Context | None = None,
        **options: Any,
    ) -> asyncio.Task[Any]:
        if context is None:
            attempt, run = owner.get(), executing_run.get()
        else:
            attempt, run = context.get(owner), context.get(executing_run)
            options["context"] = context
        if attempt is None or run is not None or not asyncio.iscoroutine(coroutine):
            return make(loop, coroutine, **options)
        task = make(loop, _Watched(coroutine, attempt), **options)
        attempt.adopt(task)
        return task

    return create


def _make_task(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
    return asyncio.Task(coroutine, loop=loop, **options)


class _Watched(Coroutine[Any, Any, Any]):
    """A coroutine that tells its attempt of every step, and whose exit does not take the process along."""

    __slots__ = ("_attempt", "_inner")

    def __init__(self, inner: Coroutine[Any, Any, Any], attempt: Owner) -> None:
        self._inner = inner
        self._attempt = attempt

    def send(self, value: Any) -> Any:
        self._attempt.stir()
        try:
            return self._inner.send(value)
        except (SystemExit, KeyboardInterrupt) as error:
            raise RuntimeError(f"a task of a durable handler raised {error!r}") from error

    def throw(self, *error: Any) -> Any:
        self._attempt.stir()
        try:
            return self._inner.throw(*error)
        except (SystemExit, KeyboardInterrupt) as raised:
            raise RuntimeError(f"a task of a durable handler raised {raised!r}") from raised

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Any:
        return self._inner.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
