"""Runs: side effects whose results are journaled, so that a replay does not execute them again."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
from contextvars import copy_context
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from awaken._core import RetryPolicy
from awaken.context import probe
from awaken.context.durable_future import DurableFuture
from awaken.context.futures import RestateDurableFuture
from awaken.context.unawaited import place_of
from awaken.diagnostics import development
from awaken.handler import arguments, values
from awaken.handler.signatures import return_type_of
from awaken.serde import DefaultSerde, Serde
from awaken.timing import time_limits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import timedelta
    from types import FrameType

    from awaken.context.durable_future import FutureDriver

__all__ = ["RunFuture", "RunOptions"]

T = TypeVar("T")

#: Whether annotations are found by executing code, which may find something else each time.
_ARE_ANNOTATIONS_CODE: Final = sys.version_info >= (3, 14)


@dataclass
class RunOptions(Generic[T]):
    """How the result of a run is serialized, and how often a failing action is retried.

    Without any retry option, the retry policy of the runtime applies. With one, the endpoint counts the failed
    executions itself. The other options then have these defaults: 50 ms before the first retry, factor 2, at most 10 s
    between retries, no limit on attempts. When the policy gives up, the run fails with a terminal error.
    """

    serde: Serde[T] = field(default_factory=lambda: DefaultSerde[Any]())
    type_hint: type[T] | None = None
    #: Maximum number of executions, including the first.
    max_attempts: int | None = None
    #: Durations, as a `timedelta` or in seconds.
    max_duration: timedelta | float | None = None
    initial_retry_interval: timedelta | float | None = None
    max_retry_interval: timedelta | float | None = None
    retry_interval_factor: float | None = None
    #: Deprecated name of max_duration.
    max_retry_duration: timedelta | float | None = None

    def __post_init__(self) -> None:
        """Reject invalid values now. Otherwise they would surface only after the action has failed."""
        values.serde_for(self.serde, self.type_hint, "RunOptions")
        self.retry_policy()

    def retry_policy(self) -> RetryPolicy | None:
        """Return the retry policy of these options, or None to use that of the runtime."""
        max_duration = self.max_duration if self.max_duration is not None else self.max_retry_duration
        bounds = (
            self.max_attempts,
            max_duration,
            self.initial_retry_interval,
            self.max_retry_interval,
            self.retry_interval_factor,
        )
        if all(bound is None for bound in bounds):
            return None
        arguments.expect_count(self.max_attempts, "max_attempts of RunOptions")
        arguments.expect_factor(self.retry_interval_factor, "retry_interval_factor of RunOptions")
        return RetryPolicy(
            initial_interval_ms=_retry_delay(self.initial_retry_interval, "initial_retry_interval"),
            factor=self.retry_interval_factor,
            max_interval_ms=_retry_delay(self.max_retry_interval, "max_retry_interval"),
            max_attempts=self.max_attempts,
            max_duration_ms=_milliseconds(max_duration),
        )


class RunFuture(RestateDurableFuture[T]):
    """The result of a run, with the action to execute if the journal does not have the result yet."""

    __slots__ = (
        "_action",
        "_args",
        "_code",
        "_instruction",
        "_kwargs",
        "_options",
        "context",
    )

    is_result = True

    def __init__(
        self,
        driver: FutureDriver,
        handle: int,
        name: str,
        action: Callable[..., Any],
        options: RunOptions[T],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        frame: FrameType,
    ) -> None:
        """Initialize a run that has not started.

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
        DurableFuture.__init__(
            self, driver, handle, options.serde, name
        )  # by name, which costs less than `super()`
        self.context = copy_context()
        self._action = action
        self._options = options
        self._args = args
        self._kwargs = kwargs
        # Keeping the frame would keep its variables alive. Finding the line is expensive, so `place` does it on demand.
        self._code = frame.f_code
        self._instruction = frame.f_lasti

    @property
    def name(self) -> str:
        """Name of the journal entry."""
        return self._subject

    @property
    def subject(self) -> str:
        """A description of the result, for error texts."""
        return f'run "{self._subject}"'

    @property
    def place(self) -> str:
        """Where the handler started this run, as `file:line`."""
        return place_of(self._code, self._instruction)

    @property
    def policy(self) -> RetryPolicy | None:
        """The retry policy for a failing action; None uses that of the runtime."""
        return self._options.retry_policy()

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
            signature = inspect.signature(self._action, follow_wrapped=False)
        except (TypeError, ValueError):  # builtins may have none
            return False
        try:
            signature.bind(*self._args, **self._kwargs)
        except TypeError:
            return True
        return False

    def write(self, value: Any) -> bytes:
        """Return the serialized result. The annotation of the action does not matter for that."""
        if isinstance(value, (bytes, bytearray, memoryview)) and development.is_enabled():
            self._warn_of_bytes()
        return values.write(self._options.serde, value, self._describe_result)

    def _describe_result(self) -> str:
        return f"the result of {self.subject}"

    def _read(self, serde: Serde[Any], data: bytes) -> Any:
        return DurableFuture._read(self, run_serde(self._action, self._options), data)

    def _warn_of_bytes(self) -> None:
        serde = run_serde(self._action, self._options)
        if isinstance(serde, DefaultSerde) and serde.type_hint is None:
            development.warn(
                "its function returns bytes without an annotation, so empty bytes come back as None, and bytes "
                "that are JSON as the JSON value; annotate the function with `-> bytes`, or give "
                "RunOptions(type_hint=bytes)",
                place=self._place(),
            )

    def act(self) -> Awaitable[Any]:
        """Call the action; return what to await for its result.

        A plain function runs in the default executor of the loop, with the context variables of the handler.
        """
        action = self._action
        if _is_coroutine_function(action):
            return action(*self._args, **self._kwargs)  # type: ignore[no-any-return]
        return self._act_in_thread()

    async def _act_in_thread(self) -> Any:
        call = functools.partial(copy_context().run, _call, self._action, *self._args, **self._kwargs)
        value = await asyncio.get_running_loop().run_in_executor(None, call)
        return await value if inspect.isawaitable(value) else value


def _is_coroutine_function(action: Callable[..., Any]) -> bool:
    if type(action) is FunctionType and action.__code__.co_flags & inspect.CO_COROUTINE:
        return True  # the usual case; the general one costs a microsecond
    return inspect.iscoroutinefunction(action)


def _call(action: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a plain function in its thread.

    A future cannot hold a StopIteration: the executor would lose it, and the attempt would wait forever. This turns it
    into a RuntimeError, as coroutines do.
    """
    try:
        return action(*args, **kwargs)
    except StopIteration as error:
        raise RuntimeError(f"{getattr(action, '__qualname__', action)} raised StopIteration") from error


class _Found(NamedTuple):
    """The serde that was found for the results of a function, and what it depends on."""

    #: Kept alive, so that its id, the key, is not reused.
    code: CodeType
    annotation: Any
    namespace: dict[str, Any]
    serde: Serde[Any]


#: By the id of a function's code, which all closures of one `def` share.
_found: dict[int, _Found] = {}

#: Programs have fewer actions, unless they make code as they go.
_MAX_FOUND: Final = 1024


def run_serde(action: Callable[..., Any], options: RunOptions[T]) -> Serde[T]:
    """Return the serde for the result of a run: that of the options, for the hinted or annotated type."""
    serde = options.serde
    if not isinstance(serde, DefaultSerde):
        return serde
    if options.type_hint is not None:
        return serde.with_maybe_type(options.type_hint)
    if (
        type(action) is not FunctionType
        or action.__dict__
        or _ARE_ANNOTATIONS_CODE
        or type(serde) is not DefaultSerde
        or serde.type_hint is not None
    ):
        return _annotated(serde, action)
    # Every run of every replay comes here, and finding a type takes as long as reading its value.
    code, annotation = action.__code__, action.__annotations__.get("return")
    found = _found.get(id(code))
    if found is not None and found.annotation is annotation and found.namespace is action.__globals__:
        return found.serde
    typed = _annotated(serde, action)
    if not getattr(action, "__type_params__", ()):  # they belong to this function only
        if len(_found) >= _MAX_FOUND:
            _found.clear()
        _found[id(code)] = _Found(code, annotation, action.__globals__, typed)
    return typed


def _annotated(serde: DefaultSerde[T], action: Callable[..., Any]) -> Serde[T]:
    hint = return_type_of(action)
    return serde if hint is None else serde.with_maybe_type(hint)


def _milliseconds(duration: timedelta | float | None) -> int | None:
    return (
        None if duration is None else max(0, time_limits.milliseconds(duration, "max_duration of RunOptions"))
    )


def _retry_delay(duration: timedelta | float | None, name: str) -> int | None:
    return None if duration is None else time_limits.retry_delay(duration, f"{name} of RunOptions")
