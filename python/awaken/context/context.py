"""What a handler may do: each method issues one command, the moment it is called."""

from __future__ import annotations

import difflib
import random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from awaken.context.calls import Calls
from awaken.context.deadlines import deadline
from awaken.context.external import External
from awaken.context.futures import RestateDurableSleepFuture
from awaken.context.promise import DurablePromise
from awaken.context.request import Request
from awaken.context.scope import ScopedContext
from awaken.context.state import KeyValueStore, StateReader
from awaken.errors import UnknownAttributeError
from awaken.handler import arguments, values
from awaken.serde.default import DefaultSerde, T
from awaken.timing import time_limits

if TYPE_CHECKING:
    from datetime import timedelta

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


class Context(Calls, External):
    """What every handler may do."""

    __slots__ = ("_data", "_driver", "_input", "_random")

    def __init__(self, driver: Driver, request: Input) -> None:
        self._driver = driver
        self._input = request
        #: What extensions keep with this attempt.
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
        """Return calls and sends within a scope, which needs version 7 of the invocation protocol."""
        arguments.expect_text(scope, "the scope of ctx.scope")
        return ScopedContext(self._driver, scope)

    def random(self) -> random.Random:
        """Return a generator that gives the same numbers on every replay."""
        if self._random is None:
            self._random = random.Random(self._input.random_seed)  # noqa: S311  # repeatable is the point
        return self._random

    def uuid(self) -> UUID:
        """Return a random UUID that is the same on every replay; it draws from `random()`."""
        return UUID(int=self.random().getrandbits(128), version=4)

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
        return DurablePromise(self._driver, name, values.serde_for(serde, type_hint, f'promise "{name}"'))


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


def _entry_name(name: str | None, what: str) -> str:
    if name is not None:
        arguments.expect_text(name, f"the name of {what}")
    return name or ""


#: Which context a handler gets, by kind of service and of handler.
CONTEXTS: dict[tuple[str, str | None], type[Context]] = {
    ("service", None): Context,
    ("object", "exclusive"): ObjectContext,
    ("object", "shared"): ObjectSharedContext,
    ("workflow", "workflow"): WorkflowContext,
    ("workflow", "shared"): WorkflowSharedContext,
}
