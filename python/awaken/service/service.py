"""Plain services: handlers without keys or state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from awaken.handler.options import Options
from awaken.service.definition import DEFAULT_SERDE, JSON, Definition

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import timedelta

    from awaken.context.context import Context
    from awaken.handler.handler import ContextManagerFactory
    from awaken.handler.retry_policy import InvocationRetryPolicy
    from awaken.serde import Serde

    AnyServiceFunction = Callable[[Context], Awaitable[Any]] | Callable[[Context, Any], Awaitable[Any]]

__all__ = ["Service"]

# The decorator returns the type that it was given, so that calls of the handler know its input and output. The bound
# makes type checkers reject plain functions, wrong parameters and the context of another kind of service.
ServiceFunction = TypeVar("ServiceFunction", bound="AnyServiceFunction")


class Service(Definition):
    """A service whose handlers have neither keys nor state.

    Durations are a `timedelta` or seconds.

    Args:
        name: its name, for callers.
        description: documentation, shown by the runtime.
        metadata: names and values for operators and tools.
        inactivity_timeout: how long an attempt may wait before the runtime asks it to suspend.
        abort_timeout: how long an attempt has to suspend before the runtime aborts it.
        journal_retention: how long a completed invocation stays visible.
        idempotency_retention: how long a result stays available under its idempotency key.
        ingress_private: whether only other handlers can call it.
        invocation_retry_policy: when and how often the runtime retries a failing invocation.
        invocation_context_managers: context managers to enter around every attempt of every handler.

    Raises:
        TypeError: an option has the wrong type.
        ValueError: the name or an option is invalid, or options contradict each other.
    """

    _kind = "service"

    def __init__(
        self,
        name: str,
        description: str | None = None,
        metadata: dict[str, str] | None = None,
        inactivity_timeout: timedelta | float | None = None,
        abort_timeout: timedelta | float | None = None,
        journal_retention: timedelta | float | None = None,
        idempotency_retention: timedelta | float | None = None,
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
            ingress_private=ingress_private,
            invocation_retry_policy=invocation_retry_policy,
        )
        super().__init__(name, options, invocation_context_managers)

    def handler(
        self,
        name: str | None = None,
        accept: str = JSON,
        content_type: str = JSON,
        input_serde: Serde[Any] = DEFAULT_SERDE,
        output_serde: Serde[Any] = DEFAULT_SERDE,
        metadata: dict[str, str] | None = None,
        inactivity_timeout: timedelta | float | None = None,
        abort_timeout: timedelta | float | None = None,
        journal_retention: timedelta | float | None = None,
        idempotency_retention: timedelta | float | None = None,
        ingress_private: bool | None = None,
        invocation_retry_policy: InvocationRetryPolicy | None = None,
        invocation_context_managers: list[ContextManagerFactory] | None = None,
    ) -> Callable[[ServiceFunction], ServiceFunction]:
        """Declare a handler of this service.

        The handler has the name of its function unless you give another one. `accept` and `content_type` are the media
        types of its input and output, `input_serde` and `output_serde` read and write them. All other options override
        those of the service.

        Raises:
            TypeError: the function is not an `async def` of the context, or of the context and one input.
            ValueError: the name is taken or invalid, or options contradict each other.
        """
        return self._declare(
            "handler",
            name=name,
            kind=None,
            accept=accept,
            content_type=content_type,
            input_serde=input_serde,
            output_serde=output_serde,
            options=Options(
                metadata=metadata,
                inactivity_timeout=inactivity_timeout,
                abort_timeout=abort_timeout,
                journal_retention=journal_retention,
                idempotency_retention=idempotency_retention,
                ingress_private=ingress_private,
                invocation_retry_policy=invocation_retry_policy,
            ),
            context_managers=invocation_context_managers,
        )
