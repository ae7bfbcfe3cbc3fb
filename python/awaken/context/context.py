"""What a handler may do: each method issues one command, the moment it is called."""

from __future__ import annotations

import difflib
import random
import sys
import typing
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload
from uuid import UUID

from awaken._core import Failure, parse_awakeable_id
from awaken.context import probe
from awaken.context.callback import DEFAULT_EXPIRY, Callback, CallbackLink, describe_callback, expiry_of
from awaken.context.futures import (
    Awakeable,
    AwakeableFuture,
    DurablePromise,
    RestateDurableCallFuture,
    RestateDurableFuture,
    RestateDurableSleepFuture,
    SendHandle,
    _Invocation,
    deadline,
)
from awaken.context.request import AttemptFinishedEvent, Request
from awaken.context.runs import RunFuture, RunOptions
from awaken.context.scope import ScopedContext
from awaken.context.state import KeyValueStore, StateReader
from awaken.errors import UnknownAttributeError, UsageError
from awaken.handler import arguments
from awaken.handler.handler import keyed_handler, service_handler
from awaken.serde import BytesSerde, DefaultSerde, Serde
from awaken.timing import time_limits, wall_clock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from awaken._core import Input
    from awaken.context.deadlines import Timeout
    from awaken.context.futures import Driver as FutureDriver
    from awaken.handler.handler import Handler, HandlerType

    class Driver(FutureDriver, typing.Protocol):
        """What a context needs from the attempt, besides what futures need."""

        def define_run(self, future: RunFuture[Any]) -> None:
            """Keep a run's closure until its result is awaited."""
            ...

        @property
        def attempt_headers(self) -> Mapping[str, str]:
            """Headers of the attempt's HTTP request."""
            ...

        @property
        def attempt_finished(self) -> AttemptFinishedEvent:
            """Set when the attempt is over."""
            ...

        @property
        def target(self) -> str:
            """Service and handler, as `Greeter/greet`."""
            ...


__all__ = [
    "AttemptFinishedEvent",
    "Context",
    "DurablePromise",
    "KeyValueStore",
    "ObjectContext",
    "ObjectSharedContext",
    "Request",
    "RestateDurableCallFuture",
    "RestateDurableFuture",
    "RestateDurableSleepFuture",
    "RunAction",
    "RunFuture",
    "RunOptions",
    "ScopedContext",
    "SendHandle",
    "WorkflowContext",
    "WorkflowSharedContext",
]

P = ParamSpec("P")
if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    #: Any, where neither a serde nor a hint tells.
    T = TypeVarWithDefault("T", default=Any)
else:
    T = TypeVar("T")
I = TypeVar("I")  # noqa: E741  # input, as O is output
O = TypeVar("O")  # noqa: E741

#: The closure of a run.
RunAction = Callable[..., Coroutine[Any, Any, T]] | Callable[..., T]

_BYTES: Serde[bytes] = BytesSerde()
_GLOBALS = globals()


class Context:
    """What every handler may do."""

    __slots__ = ("_data", "_driver", "_input", "_random")

    def __init__(self, driver: Driver, request: Input) -> None:
        self._driver = driver
        self._input = request
        #: What extensions keep with this attempt.
        self._data: dict[str, Any] | None = None
        self._random: random.Random | None = None

    # ------------------------------------------------------------ about this invocation

    def request(self) -> Request:
        """Return the request that started this invocation."""
        given = self._input
        return Request(
            id=given.invocation_id,
            headers=dict(given.headers),
            attempt_headers=dict(self._driver.attempt_headers),
            body=given.body,
            attempt_finished_event=self._driver.attempt_finished,
            scope=given.scope,
            limit_key=given.limit_key,
            idempotency_key=given.idempotency_key,
        )

    def scope(self, scope: str) -> ScopedContext:
        """Return calls and sends within a scope, which needs version 7 of the invocation protocol."""
        arguments.expect_text(scope, "the scope of ctx.scope")
        return ScopedContext(self, scope)

    def random(self) -> random.Random:
        """Return a generator that gives the same numbers on every replay."""
        if self._random is None:
            self._random = random.Random(self._input.random_seed)  # noqa: S311  # repeatable is the point
        return self._random

    def uuid(self) -> UUID:
        """Return a random UUID that is the same on every replay; it draws from `random()`."""
        return UUID(int=self.random().getrandbits(128), version=4)

    def time(self) -> RestateDurableFuture[float]:
        """Read the clock, once: seconds since the epoch, the same on every replay."""
        return self.run_typed("timestamp", _read_clock)

    # ------------------------------------------------------------ side effects and timers

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
        options: RunOptions[Any] = RunOptions(),  # noqa: B008  # never modified
        /,
        *args: Any,
        **kwargs: Any,
    ) -> RestateDurableFuture[Any]:
        """Execute a side effect and journal its result: it happens once however often the handler replays.

        The closure starts when the result is first awaited. It may be a coroutine function, or a plain function that
        runs in a thread; durable operations are not possible inside.

        Args:
            name: entry name.
            action: the closure.
            options: how the result crosses and how often a failing closure is tried.
            *args: for the closure.
            **kwargs: for the closure.
        """
        if type(name) is not str or not callable(action) or type(options) is not RunOptions:
            arguments.expect_action(name, action, options, RunOptions)
        driver = self._driver
        handle = driver.issue("run").run(name)
        frame = sys._getframe(1)
        if frame.f_globals is _GLOBALS and frame.f_back is not None:
            frame = frame.f_back
        future: RunFuture[Any] = RunFuture(driver, handle, name, action, options, args, kwargs, frame)
        driver.define_run(future)
        return future

    def run(
        self,
        name: str,
        action: Callable[..., Coroutine[Any, Any, T]] | Callable[..., T],
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        max_attempts: int | None = None,
        max_retry_duration: timedelta | float | None = None,
        type_hint: type[T] | None = None,
        args: tuple[Any, ...] | None = None,
    ) -> RestateDurableFuture[T]:
        """Execute a side effect. Deprecated: `run_typed` knows the types of the closure's arguments."""
        options: RunOptions[T] = RunOptions(
            serde=serde, type_hint=type_hint, max_attempts=max_attempts, max_duration=max_retry_duration
        )
        return self.run_typed(name, action, options, *(args or ()))

    def sleep(self, delta: timedelta | float, name: str | None = None) -> RestateDurableSleepFuture:
        """Wait durably; the handler need not be in memory meanwhile.

        Args:
            delta: how long from now, as a duration or in seconds; a negative one fires at once.
            name: entry name.
        """
        wake_up = time_limits.moment_after(delta, "the duration of ctx.sleep")
        return RestateDurableSleepFuture.start(self._driver, wake_up, _entry_name(name, "ctx.sleep"))

    def timeout(self, limit: timedelta | float) -> Timeout:
        """Bound the time spent in a block, durably: what `asyncio.timeout` is for a handler that suspends.

        ```python
        async with ctx.timeout(timedelta(days=1)):
            answer = await decision
        ```

        The time is counted by a durable sleep, which starts when the block is entered. It goes on while the handler
        is suspended, and once it is over it is so in every replay; a result the runtime recorded before that counts.
        What is awaited in the block is no longer awaited then, and may be awaited again later. Blocks nest.

        Args:
            limit: a duration, or seconds; zero or less is over at once.

        Raises:
            TimeoutError: from the block, when its time is over. It is a `DeadlineError`: not caught, it ends the
                invocation with code 408.
        """
        return deadline(self._driver, limit, "not done", "the limit of ctx.timeout")

    # ------------------------------------------------------------ awakeables and signals

    def awakeable(
        self,
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        type_hint: type[T] | None = None,
        *,
        name: str | None = None,
    ) -> Awakeable[T]:
        """Create an id that somebody outside resolves or rejects, and the future of that result.

        The id is the same on every replay; hand it out inside a run, so that this happens once. It is not a secret:
        whoever knows the invocation id can compute it.

        Args:
            serde: of the payload.
            type_hint: what the payload has to be; another payload is a terminal error in this handler.
            name: what it is for, for whoever watches in this process, such as the test kit; it is journaled nowhere.

        Returns:
            An object that unpacks as `(id, future)`, and that can be awaited itself.
        """
        serde = arguments.serde_for(serde, type_hint, "ctx.awakeable")
        driver = self._driver
        identifier, handle = driver.issue("create an awakeable").awakeable()
        future: RestateDurableFuture[T] = AwakeableFuture(driver, handle, serde, f"awakeable {identifier}")
        if probe.watchers:
            self._tell_awakeable(identifier, name, type_hint)
        return Awakeable(identifier, future)

    def _tell_awakeable(self, identifier: str, name: str | None, type_hint: Any) -> None:
        created = probe.AwakeableCreated(identifier, self._input.invocation_id, name, type_hint)
        for watcher in list(probe.watchers):
            watcher.note_awakeable(created)

    def callback(
        self,
        type_hint: type[T] | None = None,
        *,
        name: str,
        expires_in: timedelta | float = DEFAULT_EXPIRY,
        labels: Mapping[str, str] | None = None,
    ) -> Callback[T]:
        """Create an awakeable with a signed link that completes it, a name, and an expiry.

        Hand the link out inside a run. Whoever opens it answers with a value of the declared type, or rejects; the
        value is checked before the awakeable is resolved. Where links lead, and what signs them, is set by
        `configure_callbacks`.

        Args:
            type_hint: what the answer has to be; None takes any JSON.
            name: what is asked for, shown to whoever answers and in the inventory.
            expires_in: how long the link works and the handler waits, as a duration or in seconds.
            labels: facts for the inventory; they are in the journal, not in the link.

        Raises:
            RuntimeError: no settings for links; see `configure_callbacks`.
            UsageError: the type has no name that a link can carry; see `register_callback_type`.
        """
        from awaken import links

        arguments.expect_text(name, "the name of ctx.callback")
        described = dict(arguments.headers_of(labels, f'callback "{name}" (its labels)'))
        wake_up = time_limits.moment_after(expires_in, f'expires_in of callback "{name}"')
        settings = links.current_settings()
        try:
            type_name = links.name_of_type(type_hint)
        except TypeError as error:
            raise UsageError(f'callback "{name}": {error}') from error
        driver = self._driver
        identifier, future = self.awakeable(type_hint=type_hint, name=name)
        index = parse_awakeable_id(identifier).index
        entry = describe_callback(name, index, type_name, described)
        handle, expires_at_ms = driver.issue("create a callback").timer(wake_up, entry)
        timer = RestateDurableSleepFuture(driver, handle, None, f'callback "{name}"')
        url = settings.url_of(links.Link(identifier, name, type_name, expires_at_ms))
        return Callback(CallbackLink(url, identifier, name, expiry_of(expires_at_ms)), future, timer)

    async def wait_for_callback(
        self,
        send: Callable[[CallbackLink], Any],
        type_hint: type[T] | None = None,
        *,
        name: str,
        expires_in: timedelta | float = DEFAULT_EXPIRY,
        labels: Mapping[str, str] | None = None,
    ) -> T:
        """Create a callback, hand it out once, and wait for the answer.

        Args:
            send: given the link; runs as a durable step, so it happens once however often the handler replays.
            type_hint: as for `callback`, like the others.
            name: what is asked for.
            expires_in: how long the link works and the handler waits.
            labels: facts for the inventory.

        Raises:
            TimeoutError: nobody answered in time.
            TerminalError: the answer was a rejection.
        """
        if not callable(send):
            arguments.refuse(send, f'the send of callback "{name}"', "give a function that takes the link")
        callback = self.callback(type_hint, name=name, expires_in=expires_in, labels=labels)
        await self.run_typed(f"hand out {name}", send, RunOptions(), callback.link)
        return await callback

    def resolve_awakeable(
        self,
        name: str,
        value: I,
        serde: Serde[I] = DefaultSerde(),  # noqa: B008  # never modified
    ) -> None:
        """Resolve an awakeable of any invocation.

        Args:
            name: the awakeable's id.
            value: the result; None gives empty bytes.
            serde: of the value.

        Raises:
            InvalidIdError: the id does not parse; nothing is journaled.
        """
        arguments.expect_text(name, "the id of ctx.resolve_awakeable")
        body = arguments.write(serde, value, f"the value of awakeable {name}")
        self._driver.issue("resolve an awakeable").resolve_awakeable(name, body)

    def reject_awakeable(self, name: str, failure_message: str, failure_code: int = 500) -> None:
        """Reject an awakeable of any invocation: its handler gets a terminal error with this message and code.

        Raises:
            InvalidIdError: the id does not parse; nothing is journaled.
        """
        arguments.expect_text(name, "the id of ctx.reject_awakeable")
        failure = _failure(failure_code, failure_message, "ctx.reject_awakeable")
        self._driver.issue("reject an awakeable").reject_awakeable(name, failure)

    def signal(
        self,
        name: str,
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        type_hint: type[T] | None = None,
    ) -> RestateDurableFuture[T]:
        """Wait for a signal with this name, sent to this invocation by another handler."""
        arguments.expect_text(name, "the name of ctx.signal")
        serde = arguments.serde_for(serde, type_hint, f'signal "{name}"')
        driver = self._driver
        handle = driver.issue("await a signal").signal(name)
        return RestateDurableFuture(driver, handle, serde, f'signal "{name}"')

    def resolve_signal(
        self,
        invocation_id: str,
        name: str,
        value: I,
        serde: Serde[I] = DefaultSerde(),  # noqa: B008  # never modified
    ) -> None:
        """Send a signal with a value to an invocation. Raises InvalidIdError for an id that does not parse."""
        arguments.expect_text(invocation_id, "the invocation id of ctx.resolve_signal")
        arguments.expect_text(name, "the name of ctx.resolve_signal")
        body = arguments.write(serde, value, f'the value of signal "{name}"')
        self._driver.issue("send a signal").resolve_signal(invocation_id, name, body)

    def reject_signal(
        self, invocation_id: str, name: str, failure_message: str, failure_code: int = 500
    ) -> None:
        """Send a signal with a failure to an invocation. Raises InvalidIdError for an id that does not parse."""
        arguments.expect_text(invocation_id, "the invocation id of ctx.reject_signal")
        arguments.expect_text(name, "the name of ctx.reject_signal")
        failure = _failure(failure_code, failure_message, "ctx.reject_signal")
        self._driver.issue("send a signal").reject_signal(invocation_id, name, failure)

    # ------------------------------------------------------------ other handlers

    def service_call(
        self,
        tpe: HandlerType[I, O],
        arg: I,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateDurableCallFuture[O]:
        """Call a service's handler and wait for its result."""
        return self._call_handler(service_handler(tpe, "service_call"), "", arg, idempotency_key, headers)

    def service_send(
        self,
        tpe: HandlerType[I, O],
        arg: I,
        send_delay: timedelta | float | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> SendHandle:
        """Start a service's handler, now or later, without waiting for it."""
        return self._send_handler(
            service_handler(tpe, "service_send"), "", arg, send_delay, idempotency_key, headers
        )

    def object_call(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateDurableCallFuture[O]:
        """Call a virtual object's handler and wait for its result."""
        return self._call_handler(keyed_handler(tpe, key, "object_call"), key, arg, idempotency_key, headers)

    def object_send(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        send_delay: timedelta | float | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> SendHandle:
        """Start a virtual object's handler, now or later, without waiting for it."""
        return self._send_handler(
            keyed_handler(tpe, key, "object_send"), key, arg, send_delay, idempotency_key, headers
        )

    def workflow_call(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateDurableCallFuture[O]:
        """Call a workflow's handler and wait for its result."""
        return self._call_handler(
            keyed_handler(tpe, key, "workflow_call"), key, arg, idempotency_key, headers
        )

    def workflow_send(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        send_delay: timedelta | float | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> SendHandle:
        """Start a workflow's handler, now or later, without waiting for it."""
        return self._send_handler(
            keyed_handler(tpe, key, "workflow_send"), key, arg, send_delay, idempotency_key, headers
        )

    def generic_call(
        self,
        service: str,
        handler: str,
        arg: bytes,
        key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
        scope: str | None = None,
        limit_key: str | None = None,
    ) -> RestateDurableCallFuture[bytes]:
        """Call a handler by name, with raw bytes in and out.

        Args:
            service: name of the service.
            handler: name of its handler.
            arg: the input.
            key: of the object or workflow.
            idempotency_key: makes a second call with the same key attach to the first.
            headers: for the handler's request.
            scope: see `scope()`; needs version 7 of the invocation protocol.
            limit_key: what shares a limit within the scope.
        """
        _check_generic(service, handler, key, arg)
        return self._call(
            service, handler, key or "", arg, _BYTES, idempotency_key, headers, scope, limit_key
        )

    def generic_send(
        self,
        service: str,
        handler: str,
        arg: bytes,
        key: str | None = None,
        send_delay: timedelta | float | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
        scope: str | None = None,
        limit_key: str | None = None,
    ) -> SendHandle:
        """Start a handler by name, with raw bytes in; arguments as in `generic_call`, and a delay."""
        _check_generic(service, handler, key, arg)
        return self._send(
            service, handler, key or "", arg, send_delay, idempotency_key, headers, scope, limit_key
        )

    def cancel_invocation(self, invocation_id: str) -> None:
        """Cancel an invocation. Raises InvalidIdError for an id that does not parse."""
        arguments.expect_text(invocation_id, "the invocation id of ctx.cancel_invocation")
        self._driver.issue("cancel an invocation").cancel_invocation(invocation_id)

    def attach_invocation(
        self,
        invocation_id: str,
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        type_hint: type[T] | None = None,
    ) -> RestateDurableFuture[T]:
        """Wait for the result of an invocation. Raises InvalidIdError for an id that does not parse."""
        arguments.expect_text(invocation_id, "the invocation id of ctx.attach_invocation")
        serde = arguments.serde_for(serde, type_hint, "ctx.attach_invocation")
        driver = self._driver
        handle = driver.issue("attach to an invocation").attach_invocation(invocation_id)
        return RestateDurableFuture(driver, handle, serde, f"the result of {invocation_id}")

    # ------------------------------------------------------------ shared by the above

    def _call_handler(
        self,
        callee: Handler[I, O],
        key: str,
        arg: I,
        idempotency_key: str | None,
        headers: dict[str, str] | None,
        scope: str | None = None,
        limit_key: str | None = None,
    ) -> RestateDurableCallFuture[O]:
        body = arguments.write(callee.input_serde, arg, f"the argument of a call to {callee.target}")
        return self._call(
            callee.service_tag.name,
            callee.name,
            key,
            body,
            callee.output_serde,
            idempotency_key,
            headers,
            scope,
            limit_key,
        )

    def _send_handler(
        self,
        callee: Handler[I, O],
        key: str,
        arg: I,
        send_delay: timedelta | float | None,
        idempotency_key: str | None,
        headers: dict[str, str] | None,
        scope: str | None = None,
        limit_key: str | None = None,
    ) -> SendHandle:
        body = arguments.write(callee.input_serde, arg, f"the argument of a send to {callee.target}")
        return self._send(
            callee.service_tag.name,
            callee.name,
            key,
            body,
            send_delay,
            idempotency_key,
            headers,
            scope,
            limit_key,
        )

    def _call(
        self,
        service: str,
        handler: str,
        key: str,
        body: bytes,
        serde: Serde[O],
        idempotency_key: str | None,
        headers: dict[str, str] | None,
        scope: str | None = None,
        limit_key: str | None = None,
    ) -> RestateDurableCallFuture[O]:
        callee = f"{service}/{handler}"
        _check_extras(idempotency_key, scope, limit_key, callee)
        pairs = arguments.headers_of(headers, f"a call to {callee}") if headers else ()
        driver = self._driver
        identifier, result = driver.issue(f"call {callee}").call(
            service,
            handler,
            body,
            key=key,
            headers=pairs,
            idempotency_key=idempotency_key,
            scope=scope,
            limit_key=limit_key,
        )
        invocation = _Invocation(
            RestateDurableFuture(driver, identifier, None, f"the invocation id of {callee}"),
            self.cancel_invocation,
        )
        return RestateDurableCallFuture(driver, result, serde, f"call {callee}", invocation)

    def _send(
        self,
        service: str,
        handler: str,
        key: str,
        body: bytes,
        send_delay: timedelta | float | None,
        idempotency_key: str | None,
        headers: dict[str, str] | None,
        scope: str | None = None,
        limit_key: str | None = None,
    ) -> SendHandle:
        callee = f"{service}/{handler}"
        _check_extras(idempotency_key, scope, limit_key, callee)
        pairs = arguments.headers_of(headers, f"a send to {callee}") if headers else ()
        invoke_time = (
            0
            if send_delay is None
            else time_limits.moment_after(send_delay, f"send_delay of a send to {callee}")
        )
        driver = self._driver
        identifier = driver.issue(f"send to {callee}").send(
            service,
            handler,
            body,
            key=key,
            invoke_time_ms=invoke_time,
            headers=pairs,
            idempotency_key=idempotency_key,
            scope=scope,
            limit_key=limit_key,
        )
        future: RestateDurableFuture[str] = RestateDurableFuture(
            driver, identifier, None, f"the invocation id of {callee}"
        )
        return SendHandle(future, self.cancel_invocation)

    if not TYPE_CHECKING:  # type checkers know the attributes, and refuse others

        def __getattr__(self, name):
            if name.startswith("_"):
                raise AttributeError(f"{type(self).__name__} has no attribute {name!r}", name=name, obj=self)
            raise UnknownAttributeError(
                f"the context of {self._driver.target} has no {name!r}; {_advice(self, name)}"
            )

    def _extension_data(self) -> dict[str, Any]:
        if self._data is None:
            self._data = {}
        return self._data


class _Keyed:
    """What has a key."""

    __slots__ = ()

    _input: Input

    def key(self) -> str:
        """Return the key of this object or workflow."""
        return self._input.key


class _Promising:
    """What has promises."""

    __slots__ = ()

    _driver: Driver

    def promise(
        self,
        name: str,
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        type_hint: type[T] | None = None,
    ) -> DurablePromise[T]:
        """Return the workflow's promise of this name."""
        arguments.expect_text(name, "the name of ctx.promise")
        return DurablePromise(self._driver, name, arguments.serde_for(serde, type_hint, f'promise "{name}"'))


class ObjectSharedContext(_Keyed, StateReader, Context):
    """A shared handler of a virtual object: reads state, runs beside others."""

    __slots__ = ()


class ObjectContext(_Keyed, KeyValueStore, Context):
    """An exclusive handler of a virtual object: the one writer of its key."""

    __slots__ = ()


class WorkflowSharedContext(_Promising, ObjectSharedContext):
    """A shared handler of a workflow."""

    __slots__ = ()


class WorkflowContext(_Promising, ObjectContext):
    """The main handler of a workflow: runs once per key."""

    __slots__ = ()


def _advice(context: Context, name: str) -> str:
    if isinstance(context, ObjectSharedContext) and name in ("set", "clear", "clear_all"):
        return 'a shared handler only reads state: leave out kind="shared"'
    if name in ("get", "set", "clear", "clear_all", "state_keys", "key"):
        return "a service has neither keys nor state: declare a VirtualObject"
    if name == "promise":
        return "only a Workflow has promises"
    known = [each for each in dir(context) if not each.startswith("_")]
    close = difflib.get_close_matches(name, known, 1)
    return f"did you mean ctx.{close[0]}?" if close else "see help(awaken.Context)"


def _check_extras(idempotency_key: str | None, scope: str | None, limit_key: str | None, callee: str) -> None:
    if idempotency_key is None and scope is None and limit_key is None:
        return
    arguments.expect_key(idempotency_key, f"the idempotency_key of {callee}")
    if scope is not None:
        arguments.expect_text(scope, f"the scope of {callee}")
    if limit_key is not None:
        arguments.expect_text(limit_key, f"the limit_key of {callee}")
        if scope is None:
            raise UsageError(
                f"limit_key {limit_key!r} needs a scope: it names what shares a limit within one"
            )


def _check_generic(service: str, handler: str, key: str | None, arg: bytes) -> None:
    arguments.expect_text(service, "the service of a generic call")
    arguments.expect_text(handler, "the handler of a generic call")
    if key is not None:
        arguments.expect_text(key, f"the key of {service}/{handler}")
    arguments.expect_bytes(arg, f"the argument of {service}/{handler}")


def _entry_name(name: str | None, what: str) -> str:
    if name is not None:
        arguments.expect_text(name, f"the name of {what}")
    return name or ""


def _failure(code: int, message: str, what: str) -> Failure:
    arguments.expect_code(code, f"the failure_code of {what}")
    arguments.expect_text(message, f"the failure_message of {what}")
    return Failure(code, message)


async def _read_clock() -> float:
    return wall_clock.now_s()


#: Which context a handler gets, by kind of service and of handler.
CONTEXTS: dict[tuple[str, str | None], type[Context]] = {
    ("service", None): Context,
    ("object", "exclusive"): ObjectContext,
    ("object", "shared"): ObjectSharedContext,
    ("workflow", "workflow"): WorkflowContext,
    ("workflow", "shared"): WorkflowSharedContext,
}
