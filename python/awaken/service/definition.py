"""What the three kinds of service have in common."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, cast

from awaken.handler.handler import Handler, ServiceTag
from awaken.handler.lookup import attach_handler
from awaken.handler.options import Options
from awaken.serde import DefaultSerde
from awaken.service.declarations import check_context, check_function

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from awaken.handler.handler import ContextManagerFactory, HandlerKind, ServiceKind
    from awaken.handler.retry_policy import InvocationRetryPolicy
    from awaken.serde import Serde

__all__ = ["DEFAULT_SERDE", "JSON", "Definition", "KeyedDefinition"]

#: The defaults of the decorators.
JSON: Final = "application/json"
DEFAULT_SERDE: Final[DefaultSerde[Any]] = DefaultSerde()

_SERVICE_NAME = re.compile(r"([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9._-]*")


class Definition:
    """A named set of handlers, with the options that they share."""

    _kind: ServiceKind

    def __init__(
        self,
        name: str,
        options: Options,
        context_managers: list[ContextManagerFactory] | None,
    ) -> None:
        _check_service_name(name)
        options.check(name)
        metadata = None if options.metadata is None else dict(options.metadata)
        self.service_tag = ServiceTag(self._kind, name, options.description, metadata)
        self.options = options
        self.handlers: dict[str, Handler[Any, Any]] = {}
        self.context_managers: tuple[ContextManagerFactory, ...] = tuple(context_managers or ())

    @property
    def name(self) -> str:
        """Its name, for callers."""
        return self.service_tag.name

    def _declare(
        self,
        decorator: str,
        *,
        name: str | None,
        kind: HandlerKind | None,
        accept: str,
        content_type: str,
        input_serde: Serde[Any],
        output_serde: Serde[Any],
        options: Options,
        context_managers: list[ContextManagerFactory] | None,
    ) -> Callable[[Any], Any]:
        """Return the decorator that declares a function as a handler, and makes it usable in calls."""
        if callable(name):
            raise TypeError(
                f"write `.{decorator}()` with parentheses above {getattr(name, '__name__', name)}"
            )

        def decorate(fn: Any) -> Any:
            check_function(fn, self.name)
            handler: Handler[Any, Any] = Handler(
                self.service_tag,
                cast("str", name or getattr(fn, "__name__", None)),
                kind,
                fn,
                replace(options, description=inspect.getdoc(fn) or None),
                accept,
                content_type,
                input_serde,
                output_serde,
                (*self.context_managers, *(context_managers or ())),
            )
            self._add(handler)

            @wraps(fn)
            async def call(*args: Any, **kwargs: Any) -> Any:
                return await fn(*args, **kwargs)

            attach_handler(call, handler)
            return call

        return decorate

    def _add(self, handler: Handler[Any, Any]) -> None:
        check_context(handler.fn, handler.target, self.service_tag.kind, handler.kind)
        if handler.name in self.handlers:
            raise ValueError(
                f"{self.name} already has a handler {handler.name!r}; give this one another name"
            )
        if self.options.ingress_private and handler.options.ingress_private is False:
            raise ValueError(
                f"{handler.target}: ingress_private=False has no effect in a private service, and runtimes "
                "refuse it; make the service public and its other handlers private"
            )
        self.handlers[handler.name] = handler


class KeyedDefinition(Definition):
    """A service whose invocations have a key, with state.

    Durations are a `timedelta` or seconds.

    Args:
        name: its name, for callers.
        description: documentation, shown by the runtime.
        metadata: names and values for operators and tools.
        inactivity_timeout: how long an attempt may wait before the runtime asks it to suspend.
        abort_timeout: how long an attempt has to suspend before the runtime aborts it.
        journal_retention: how long a completed invocation stays visible.
        idempotency_retention: how long a result stays available under its idempotency key.
        enable_lazy_state: the older form of `state_preload=False`.
        state_preload: the state that the runtime sends with the input: all (True), none (False), or that of the given
            keys. The handler reads other state on demand.
        ingress_private: whether only other handlers can call it.
        invocation_retry_policy: when and how often the runtime retries a failing invocation.
        invocation_context_managers: context managers to enter around every attempt of every handler.

    Raises:
        TypeError: an option has the wrong type.
        ValueError: the name or an option is invalid, or options contradict each other.
    """

    def __init__(
        self,
        name: str,
        description: str | None = None,
        metadata: dict[str, str] | None = None,
        inactivity_timeout: timedelta | float | None = None,
        abort_timeout: timedelta | float | None = None,
        journal_retention: timedelta | float | None = None,
        idempotency_retention: timedelta | float | None = None,
        enable_lazy_state: bool | None = None,
        state_preload: bool | list[str] | None = None,
        ingress_private: bool | None = None,
        invocation_retry_policy: InvocationRetryPolicy | None = None,
        invocation_context_managers: list[ContextManagerFactory] | None = None,
    ) -> None:
        options = Options(
            description=description,
            metadata=metadata,
            inactivity_timeout=inactivity_timeout,
            abort_timeout=abort_timeout,
            journal_retention=journal_retention,
            idempotency_retention=idempotency_retention,
            enable_lazy_state=enable_lazy_state,
            state_preload=state_preload,
            ingress_private=ingress_private,
            invocation_retry_policy=invocation_retry_policy,
        )
        super().__init__(name, options, invocation_context_managers)


def _check_service_name(name: str) -> None:
    if not isinstance(name, str) or not _SERVICE_NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is not a service name; use letters, digits, underscores, dots and dashes, and "
            "begin with a letter"
        )
    if name.lower().startswith("restate") or name.lower() == "openapi":
        raise ValueError(
            f"the service name {name!r} is reserved by runtimes (`openapi`, and names that begin with "
            "`restate`); choose another one"
        )
