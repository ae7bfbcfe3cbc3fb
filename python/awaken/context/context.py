"""The contexts that handlers receive. Each method issues its command at once, when it is called."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from awaken.context.approvals import Approvals
from awaken.context.calls import Calls
from awaken.context.deadlines import deadline
from awaken.context.external import External
from awaken.context.futures import RestateDurableSleepFuture, SendHandle, StartedInvocation
from awaken.context.promise import DurablePromise
from awaken.context.request import Request
from awaken.context.scope import ScopedContext
from awaken.context.side_effects import SideEffects
from awaken.context.state import KeyValueStore, StateReader
from awaken.errors import UnknownAttributeError
from awaken.handler import arguments, values
from awaken.serde.default import DefaultSerde, T
from awaken.timing import time_limits

if TYPE_CHECKING:
    import random
    from datetime import timedelta
    from uuid import UUID

    from awaken._core import Input
    from awaken.context.deadlines import Timeout
    from awaken.context.driver import Driver
    from awaken.serde import Serde

__all__ = [
    "CONTEXTS",
    "Context",
    "ObjectContext",
    "ObjectSharedContext",
    "WorkflowContext",
    "WorkflowSharedContext",
]


class Context(Calls, Approvals):
    """The operations that every handler has.

    Their results are durable futures. A command is issued when its method is called, not when its result is awaited, so
    you can start several operations and await them together.
    """

    __slots__ = ("_data", "_driver", "_input", "_random")

    def __init__(self, driver: Driver, request: Input) -> None:
        self._driver = driver
        self._input = request
        #: Values that extensions keep for this attempt.
        self._data: dict[str, Any] | None = None
        self._random: random.Random | None = None

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
        """Return the calls and sends of a scope. Scopes need version 7 of the invocation protocol."""
        arguments.expect_text(scope, "the scope of ctx.scope")
        return ScopedContext(self._driver, scope)

    def random(self) -> random.Random:
        """Return a random number generator that yields the same numbers on every replay."""
        if self._random is None:
            import random

            self._random = random.Random(self._input.random_seed)  # noqa: S311  # it has to be repeatable
        return self._random

    def uuid(self) -> UUID:
        """Return a random UUID, the same on every replay. It is drawn from `random()`."""
        import uuid

        return uuid.UUID(int=self.random().getrandbits(128), version=4)

    def sleep(self, delta: timedelta | float, name: str | None = None) -> RestateDurableSleepFuture:
        """Wait durably. The handler may leave memory in the meantime.

        Args:
            delta: how long to wait, as a `timedelta` or in seconds. A negative duration ends at once.
            name: name of the journal entry.
        """
        wake_up = time_limits.moment_after(delta, "the duration of ctx.sleep")
        return RestateDurableSleepFuture.start(self._driver, wake_up, _entry_name(name, "ctx.sleep"))

    def timeout(self, limit: timedelta | float) -> Timeout:
        """Bound the time spent in a block, like `asyncio.timeout`, but durably.

        ```python
        async with ctx.timeout(timedelta(days=1)):
            answer = await decision
        ```

        A durable sleep measures the time, starting when the block is entered. It continues while the handler is
        suspended, and a timeout happens again in every replay. A result that the runtime recorded before the timeout
        still counts. A timeout does not cancel the operation that the block awaits: you can await it again later.
        Blocks nest.

        Args:
            limit: the time allowed, as a `timedelta` or in seconds. Zero or less expires at once.

        Raises:
            TimeoutError: raised by the block when the time is over. It is a `DeadlineError`, which ends the invocation
                with code 408 unless you catch it.
        """
        return deadline(self._driver, limit, "not done", "the limit of ctx.timeout")

    if not TYPE_CHECKING:  # type checkers know the attributes and reject others

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
    """The key of an invocation."""

    __slots__ = ()

    if TYPE_CHECKING:
        _input: Input

    def key(self) -> str:
        """Return the key of this object or workflow."""
        return self._input.key


class _Promising:
    """The promises of a workflow."""

    __slots__ = ()

    if TYPE_CHECKING:
        _driver: Driver

    def promise(
        self,
        name: str,
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        type_hint: type[T] | None = None,
    ) -> DurablePromise[T]:
        """Return the workflow's promise with this name."""
        arguments.expect_text(name, "the name of ctx.promise")
        return DurablePromise(self._driver, name, values.serde_for(serde, type_hint, f'promise "{name}"'))


class ObjectSharedContext(_Keyed, StateReader, Context):
    """The context of a shared handler of a virtual object. It reads state, and runs concurrently with others."""

    __slots__ = ()


class ObjectContext(KeyValueStore, ObjectSharedContext):
    """The context of an exclusive handler of a virtual object: the only writer of its key.

    It is also an `ObjectSharedContext`, so that functions which only read state serve both kinds of handlers.
    """

    __slots__ = ()


class WorkflowSharedContext(_Promising, ObjectSharedContext):
    """The context of a shared handler of a workflow."""

    __slots__ = ()


class WorkflowContext(ObjectContext, WorkflowSharedContext):
    """The context of the main handler of a workflow, which runs once per key. It is also a `WorkflowSharedContext`."""

    __slots__ = ()


def _name_after(owner: type, *parts: type) -> None:
    """Name the methods of these bases after a class that applications know, for Python's errors about wrong calls."""
    for part in parts:
        for name, member in vars(part).items():
            if inspect.isfunction(member):
                member.__qualname__ = f"{owner.__name__}.{name}"
                member.__module__ = owner.__module__


_name_after(Context, Calls, Approvals, External, SideEffects)
_name_after(ObjectContext, _Keyed, StateReader, KeyValueStore)
_name_after(WorkflowContext, _Promising)
_name_after(SendHandle, StartedInvocation)


def _advice(context: Context, name: str) -> str:
    if isinstance(context, ObjectSharedContext) and name in ("set", "clear", "clear_all"):
        return 'a shared handler only reads state: leave out kind="shared"'
    if name in ("get", "set", "clear", "clear_all", "state_keys", "key"):
        return "a service has neither keys nor state: declare a VirtualObject"
    if name == "promise":
        return "only a Workflow has promises"
    import difflib

    known = [each for each in dir(context) if not each.startswith("_")]
    close = difflib.get_close_matches(name, known, 1)
    return f"did you mean ctx.{close[0]}?" if close else "see help(awaken.Context)"


def _entry_name(name: str | None, what: str) -> str:
    if name is not None:
        arguments.expect_text(name, f"the name of {what}")
    return name or ""


#: The context of a handler, by kind of service and kind of handler.
CONTEXTS: dict[tuple[str, str | None], type[Context]] = {
    ("service", None): Context,
    ("object", "exclusive"): ObjectContext,
    ("object", "shared"): ObjectSharedContext,
    ("workflow", "workflow"): WorkflowContext,
    ("workflow", "shared"): WorkflowSharedContext,
}
