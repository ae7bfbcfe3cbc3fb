"""Support for libraries around handlers: the context of the current handler, and values that belong to it.

`current_context()` works wherever the handler's context variables are available: in functions that it calls, in tasks
that it starts, and in the actions of runs, including those that run in threads.
"""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from awaken.diagnostics import tracebacks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from contextvars import Token

    from awaken.context.context import Context

__all__ = [
    "clear_extension_data",
    "contextvar",
    "current_context",
    "get_extension_data",
    "restate_context_is_replaying",
    "set_extension_data",
]

P = ParamSpec("P")
T = TypeVar("T")

#: The context of the handler that runs in this context of Python.
running: ContextVar[Context | None] = ContextVar("awaken_context", default=None)


def current_context() -> Context | None:
    """Return the context of the current handler, or None outside of handlers."""
    return running.get()


class IsReplaying:
    """Tells whether the current handler repeats what its journal has; it is used like a `ContextVar[bool]`.

    A ContextVar would have to be set at each command, and would not change in tasks that the handler started before.
    """

    name = "restate_context_is_replaying"

    def __init__(self) -> None:
        self._pretended: ContextVar[bool | None] = ContextVar(self.name, default=None)

    def get(self, default: bool = False, /) -> bool:
        """Return whether it replays; the default outside of handlers."""
        if (pretended := self._pretended.get()) is not None:
            return pretended
        context = running.get()
        return default if context is None else context._driver.machine.is_replaying()

    def set(self, value: bool, /) -> Token[bool | None]:
        """Pretend that it replays, or that it does not, in tests of what asks for it."""
        return self._pretended.set(value)

    def reset(self, token: Token[bool | None], /) -> None:
        """Take back what `set` did."""
        self._pretended.reset(token)


#: For logs, traces and metrics of libraries, which should not repeat what an attempt before did.
restate_context_is_replaying = IsReplaying()


class contextvar(Generic[P, T]):  # noqa: N801  # a decorator, with the name of the official SDK
    """Give the handler access to the value that a context manager around it yields.

    Decorate the context manager, pass it to `invocation_context_managers`, and read `.value` in the handler:

        @contextvar
        @asynccontextmanager
        async def database():
            async with connect() as connection:
                yield connection

        orders = Service("Orders", invocation_context_managers=[database])

        @orders.handler()
        async def list_orders(ctx: Context) -> list[str]:
            return await database.value.fetch("...")

    Args:
        func: creates the context manager.
    """

    def __init__(self, func: Callable[P, AbstractAsyncContextManager[T]]) -> None:
        self._func = func
        self._value: ContextVar[T] = ContextVar(getattr(func, "__name__", "value"))
        self.__doc__ = func.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> AbstractAsyncContextManager[None]:
        """Return the context manager, which sets this variable to the value that it yields."""
        return self._enter(self._func(*args, **kwargs))

    @property
    def value(self) -> T:
        """The value that the context manager around the current handler yielded.

        Raises:
            LookupError: there is no current handler, or this context manager does not surround it.
        """
        try:
            return self._value.get()
        except LookupError:
            name = getattr(self._func, "__qualname__", repr(self._func))
            raise LookupError(
                f"{name} has no value here: it does not surround a handler that runs here; add it to "
                "`invocation_context_managers` of the service or the handler"
            ) from None

    @asynccontextmanager
    async def _enter(self, manager: AbstractAsyncContextManager[T]) -> AsyncIterator[None]:
        async with manager as value:
            token = self._value.set(value)
            try:
                yield
            finally:
                self._value.reset(token)


def set_extension_data(ctx: Context, key: str, value: Any) -> None:
    """Keep a value for the rest of this attempt.

    The value is not journaled, and the next attempt starts without it. If the value has a method `__close__()`, it is
    called when the attempt ends, for whatever reason.

    Args:
        ctx: the context of the handler.
        key: name of the value. Prefix it with the name of your library.
        value: any object.
    """
    ctx._extension_data()[key] = value


def get_extension_data(ctx: Context, key: str) -> Any:
    """Return a value that was kept for this attempt, or None."""
    return ctx._extension_data().get(key)


def clear_extension_data(ctx: Context, key: str) -> None:
    """Forget a value without closing it. A missing key is not an error."""
    ctx._extension_data().pop(key, None)


def close_data(data: dict[str, Any]) -> None:
    """Call `__close__` of each value that has it. An error of one does not keep the others open."""
    for key, value in data.items():
        close = getattr(value, "__close__", None)
        if close is None:
            continue
        try:
            close()
        except Exception as error:
            tracebacks.log_warning(
                logging.getLogger("awaken"), "extension data %r: its __close__ failed", key, error=error
            )
