"""A run as something to execute: its action, what that is called with, and how its result is written."""

from __future__ import annotations

import asyncio
import functools
import inspect
from contextvars import copy_context
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

from awaken.context import probe
from awaken.context.durable_future import place_in
from awaken.context.run_serde import run_serde
from awaken.context.unawaited import place_of
from awaken.diagnostics import development
from awaken.handler import values
from awaken.serde import DefaultSerde

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType

    from awaken._core import RetryPolicy
    from awaken.context.durable_future import FutureDriver
    from awaken.context.run_options import RunOptions

__all__ = ["Run"]

_CO_COROUTINE: Final = inspect.CO_COROUTINE


class Run:
    """A run that the handler asked for. Its future is another object, whose attributes cost ten times as much.

    Args:
        driver: the attempt.
        handle: the machine's number of the result.
        name: name of the journal entry.
        action: the function to call.
        options: how the result is serialized, and how often a failing action is retried.
        args: positional arguments of the action.
        kwargs: keyword arguments of the action.
        frame: the frame that starts the run.
    """

    __slots__ = (
        "_code",
        "_instruction",
        "action",
        "args",
        "context",
        "driver",
        "handle",
        "kwargs",
        "name",
        "options",
    )

    def __init__(
        self,
        driver: FutureDriver,
        handle: int,
        name: str,
        action: Callable[..., Any],
        options: RunOptions[Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        frame: FrameType,
    ) -> None:
        self.driver = driver
        self.handle = handle
        self.name = name
        self.action = action
        self.options = options
        self.args = args
        self.kwargs = kwargs
        self.context = copy_context()
        # Keeping the frame would keep its variables alive. Finding the line is expensive, so `place` does it on demand.
        self._code = frame.f_code
        self._instruction = frame.f_lasti

    @property
    def subject(self) -> str:
        """A description of the result, for error texts."""
        return f'run "{self.name}"'

    @property
    def place(self) -> str:
        """Where the handler started this run, as `file:line`."""
        return place_of(self._code, self._instruction)

    @property
    def policy(self) -> RetryPolicy | None:
        """The retry policy for a failing action; None uses that of the runtime."""
        return self.options.retry_policy()

    async def execute_watched(self) -> bytes:
        """Execute the action and return its serialized result, while there are watchers."""
        watchers = list(probe.watchers)
        token = probe.current_run.set(self.name)
        try:
            for watcher in watchers:
                watcher.note_run(self.name, 1)
            return self.write(await self.act())
        finally:
            probe.current_run.reset(token)
            for watcher in watchers:
                watcher.note_run(self.name, -1)

    def is_called_wrongly(self, error: BaseException) -> bool:
        """Return whether an error means that the arguments do not fit the action, which then never started."""
        if not isinstance(error, TypeError):
            return False
        try:
            signature = inspect.signature(self.action, follow_wrapped=False)
        except (TypeError, ValueError):  # builtins may have none
            return False
        try:
            signature.bind(*self.args, **self.kwargs)
        except TypeError:
            return True
        return False

    def act(self) -> Awaitable[Any]:
        """Call the action; return what to await for its result.

        A plain function runs in the default executor of the loop, with the context variables of the handler.
        """
        action = self.action
        # The first is the usual case; the general one costs a microsecond.
        if (
            type(action) is FunctionType and action.__code__.co_flags & _CO_COROUTINE
        ) or inspect.iscoroutinefunction(action):
            return action(*self.args, **self.kwargs)  # type: ignore[no-any-return]
        return self._act_in_thread()

    async def _act_in_thread(self) -> Any:
        call = functools.partial(copy_context().run, _call, self.action, *self.args, **self.kwargs)
        value = await asyncio.get_running_loop().run_in_executor(None, call)
        return await value if inspect.isawaitable(value) else value

    def write(self, value: Any) -> bytes:
        """Return the serialized result. The annotation of the action does not matter for that."""
        if isinstance(value, (bytes, bytearray, memoryview)) and development.is_enabled():
            self._warn_of_bytes()
        return values.write(self.options.serde, value, self._describe_result)

    def read(self, data: bytes) -> Any:
        """Return the result from its serialized form, as the options or the annotation of the action say."""
        serde = run_serde(self.action, self.options)
        if isinstance(serde, DefaultSerde):
            return serde.read(data, self.describe, is_strict=self.driver.is_strict, is_result=True)
        return serde.deserialize(data)

    def describe(self) -> str:
        """Describe the result in words that are the same in every invocation."""
        return place_in(self.driver, self.subject)

    def _describe_result(self) -> str:
        return f"the result of {self.subject}"

    def _warn_of_bytes(self) -> None:
        serde = run_serde(self.action, self.options)
        if isinstance(serde, DefaultSerde) and serde.type_hint is None:
            development.warn(
                "its function returns bytes without an annotation, so empty bytes come back as None, and bytes "
                "that are JSON as the JSON value; annotate the function with `-> bytes`, or give "
                "RunOptions(type_hint=bytes)",
                place=self.describe(),
            )


def _call(action: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a plain function in its thread.

    A future cannot hold a StopIteration: the executor would lose it, and the attempt would wait forever. This turns it
    into a RuntimeError, as coroutines do.
    """
    try:
        return action(*args, **kwargs)
    except StopIteration as error:
        raise RuntimeError(f"{getattr(action, '__qualname__', action)} raised StopIteration") from error
