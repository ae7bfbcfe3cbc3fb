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

# The decorator gives back the type it was given, so that input and output flow into calls of the handler. The
# bound makes a checker refuse plain functions, wrong parameters and the context of another kind of service.
ObjectFunction = TypeVar("ObjectFunction", bound="AnyObjectFunction")


class VirtualObject(KeyedDefinition):
    """Handlers with a key and durable state; of the exclusive ones, one runs at a time for each key.

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
        """Declare a handler: `exclusive` ones write state, `shared` ones read it beside them.

        Raises:
            TypeError: not an `async def` of the context, or of the context and one input.
            ValueError: the name is taken or not valid, or options contradict each other.
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
