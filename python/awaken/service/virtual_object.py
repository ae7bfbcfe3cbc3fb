"""Virtual objects: keyed state with one writer at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from awaken.handler.options import Options
from awaken.service.definition import (
    DEFAULT_SERDE,
    JSON,
    KeyedDefinition,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import timedelta

    from awaken.context.context import ObjectContext, ObjectSharedContext
    from awaken.handler.handler import ContextManagerFactory
    from awaken.handler.retry_policy import InvocationRetryPolicy
    from awaken.serde import Serde

    AnyObjectFunction = (
        Callable[[ObjectContext], Awaitable[Any]]
        | Callable[[ObjectContext, Any], Awaitable[Any]]
        | Callable[[ObjectSharedContext], Awaitable[Any]]
        | Callable[[ObjectSharedContext, Any], Awaitable[Any]]
    )

__all__ = ["VirtualObject"]

# The decorator returns the type that it was given, so that calls of the handler know its input and output. The bound
# makes type checkers reject plain functions, wrong parameters and the context of another kind of service.
ObjectFunction = TypeVar("ObjectFunction", bound="AnyObjectFunction")


class VirtualObject(KeyedDefinition):
    """A service whose handlers have a key and durable state. Per key, one exclusive handler runs at a time.

    Arguments are those of `KeyedDefinition`.
    """

    _kind = "object"

    def handler(
        self,
        name: str | None = None,
        kind: Literal["exclusive", "shared"] | None = "exclusive",
        accept: str = JSON,
        content_type: str = JSON,
        input_serde: Serde[Any] = DEFAULT_SERDE,
        output_serde: Serde[Any] = DEFAULT_SERDE,
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
    ) -> Callable[[ObjectFunction], ObjectFunction]:
        """Declare a handler of this virtual object.

        An `exclusive` handler can write state. `shared` handlers only read it, and run concurrently with others.

        The handler has the name of its function unless you give another one. `accept` and `content_type` are the media
        types of its input and output, `input_serde` and `output_serde` read and write them. All other options override
        those of the virtual object.

        Raises:
            TypeError: the function is not an `async def` of the context, or of the context and one input.
            ValueError: the name is taken or invalid, or options contradict each other.
        """
        if kind not in (None, "exclusive", "shared"):
            raise ValueError(f"{self.name}: kind is {kind!r}; give 'exclusive' or 'shared'")
        return self._declare(
            "handler",
            name=name,
            kind=kind or "exclusive",
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
                enable_lazy_state=enable_lazy_state,
                state_preload=state_preload,
                ingress_private=ingress_private,
                invocation_retry_policy=invocation_retry_policy,
            ),
            context_managers=invocation_context_managers,
        )
