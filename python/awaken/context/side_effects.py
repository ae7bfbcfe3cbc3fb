"""Side effects of a handler, whose results are journaled."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ParamSpec, overload

from awaken.context.run_action import Run
from awaken.context.run_options import AS_BYTES, NO_OPTIONS, RunOptions
from awaken.context.runs import RunFuture
from awaken.errors import UsageError
from awaken.handler.advice import refuse
from awaken.handler.arguments import expect_text
from awaken.serde.default import DefaultSerde, T
from awaken.timing import wall_clock

if TYPE_CHECKING:
    from datetime import timedelta
    from types import FrameType

    from awaken.context.driver import Driver
    from awaken.context.futures import RestateDurableFuture
    from awaken.serde import Serde

__all__ = ["AS_BYTES", "NO_OPTIONS", "RunAction", "SideEffects"]

P = ParamSpec("P")

#: The function that a run calls.
RunAction = Callable[..., Coroutine[Any, Any, T]] | Callable[..., T]


class SideEffects:
    """Executes side effects, and reads the clock, which is one."""

    __slots__ = ()

    if TYPE_CHECKING:
        _driver: Driver

    @overload
    def run_typed(
        self,
        name: str,
        action: Callable[P, Coroutine[Any, Any, T]],
        options: RunOptions[T] = ...,
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> RestateDurableFuture[T]: ...

    @overload
    def run_typed(
        self,
        name: str,
        action: Callable[P, T],
        options: RunOptions[T] = ...,
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> RestateDurableFuture[T]: ...

    def run_typed(
        self,
        name: str,
        action: Callable[..., Any],
        options: RunOptions[Any] = NO_OPTIONS,
        /,
        *args: Any,
        **kwargs: Any,
    ) -> RestateDurableFuture[Any]:
        """Execute a side effect and journal its result. A replay takes the result from the journal instead.

        The action starts when its result is first awaited. It may be a coroutine function, or a plain function, which
        runs in a thread. Durable operations are not possible inside. Retries of the action are `RunOptions`:

            options = awaken.RunOptions(max_attempts=5)
            charge = await ctx.run_typed("charge", create_charge, options, order=order)

        Args:
            name: name of the journal entry.
            action: the function to call.
            options: how the result is serialized, and how often a failing action is retried; see `RunOptions`.
            *args: positional arguments of the action.
            **kwargs: keyword arguments of the action.
        """
        return self._start_run(name, action, options, args, kwargs, sys._getframe(1))

    def run(
        self,
        name: str,
        action: RunAction[T],
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        max_attempts: int | None = None,
        max_retry_duration: timedelta | float | None = None,
        type_hint: type[T] | None = None,
        args: tuple[Any, ...] | None = None,
    ) -> RestateDurableFuture[T]:
        """Execute a side effect. Deprecated: use `run_typed`, which checks the types of the action's arguments."""
        options: RunOptions[T] = RunOptions(
            serde=serde, type_hint=type_hint, max_attempts=max_attempts, max_duration=max_retry_duration
        )
        return self._start_run(name, action, options, args or (), {}, sys._getframe(1))

    def time(self) -> RestateDurableFuture[float]:
        """Return the current time in seconds since the epoch, the same on every replay."""
        return self._start_run("timestamp", _read_clock, NO_OPTIONS, (), {}, sys._getframe(1))

    def _start_run(
        self,
        name: str,
        action: Callable[..., Any],
        options: RunOptions[Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        frame: FrameType,
    ) -> RestateDurableFuture[Any]:
        """Issue the command of a run. `frame` is the calling one, which error texts and warnings name."""
        if type(name) is not str or not callable(action) or type(options) is not RunOptions:
            _refuse_misuse(name, action, options)
        driver = self._driver
        handle = driver.issue("run").run(name)
        future: RunFuture[Any] = RunFuture(Run(driver, handle, name, action, options, args, kwargs, frame))
        driver.define_run(handle, future)
        return future


async def _read_clock() -> float:
    return wall_clock.now_s()


def _refuse_misuse(name: object, action: object, options: object) -> None:
    """Raise if these are not the arguments of a run. Return if they are of classes derived from the usual ones."""
    if not isinstance(name, str):
        if callable(name):
            function = getattr(name, "__name__", "function")
            raise UsageError(
                f"the first argument of ctx.run_typed is {function}; its name comes first, as in "
                f'ctx.run_typed("{function}", {function})'
            )
        expect_text(name, "the name of ctx.run_typed")
    if inspect.iscoroutine(action):
        called = action.__name__
        action.close()  # or Python would warn that it was never awaited
        raise UsageError(
            f'run "{name}" was given the coroutine of {called}(...), which was already called; give the function and '
            f'its arguments: ctx.run_typed("{name}", {called}, RunOptions(), ...)'
        )
    if not callable(action):
        refuse(action, f'the action of run "{name}"', "give a function, without calling it")
    if not isinstance(options, RunOptions):
        refuse(
            options,
            f'the third argument of run "{name}"',
            f'options come before arguments: ctx.run_typed("{name}", function, RunOptions(), argument)',
        )
