"""Workflows: one run for each key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from awaken.handler.options import Options
from awaken.service.definition import (
    DEFAULT_SERDE,
    JSON,
    KeyedDefinition,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import timedelta

    from awaken.context.context import WorkflowContext, WorkflowSharedContext
    from awaken.handler.handler import ContextManagerFactory, Handler
    from awaken.handler.retry_policy import InvocationRetryPolicy
    from awaken.serde import Serde

    AnyMainFunction = (
        Callable[[WorkflowContext], Awaitable[Any]] | Callable[[WorkflowContext, Any], Awaitable[Any]]
    )
    AnySharedFunction = (
        Callable[[WorkflowSharedContext], Awaitable[Any]]
        | Callable[[WorkflowSharedContext, Any], Awaitable[Any]]
    )

__all__ = ["Workflow"]

# The decorator gives back the type it was given, so that input and output flow into calls of the handler. The
# bound makes a checker refuse plain functions, wrong parameters and the context of another kind of service.
MainFunction = TypeVar("MainFunction", bound="AnyMainFunction")
SharedFunction = TypeVar("SharedFunction", bound="AnySharedFunction")


class Workflow(KeyedDefinition):
    """One main handler that runs once for each key, and shared handlers that talk to it.

    Arguments are those of `KeyedDefinition`.
    """

    _kind = "workflow"

    def main(
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
        workflow_retention: timedelta | float | None = None,
        enable_lazy_state: bool | None = None,
        state_preload: bool | list[str] | None = None,
        ingress_private: bool | None = None,
        invocation_retry_policy: InvocationRetryPolicy | None = None,
        invocation_context_managers: list[ContextManagerFactory] | None = None,
    ) -> Callable[[MainFunction], MainFunction]:
        """Declare the main handler, of which a workflow has one.

        Raises:
            TypeError: not an `async def` of the context, or of the context and one input.
            ValueError: there is a main handler already, or a name or option is not valid.
        """
        return self._declare(
            "main",
            name=name,
            kind="workflow",
            accept=accept,
            content_type=content_type,
            input_serde=input_serde,
            output_serde=output_serde,
            options=Options(
                metadata=metadata,
                inactivity_timeout=inactivity_timeout,
                abort_timeout=abort_timeout,
                journal_retention=journal_retention,
                workflow_retention=workflow_retention,
                enable_lazy_state=enable_lazy_state,
                state_preload=state_preload,
                ingress_private=ingress_private,
                invocation_retry_policy=invocation_retry_policy,
            ),
            context_managers=invocation_context_managers,
        )

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
        enable_lazy_state: bool | None = None,
        state_preload: bool | list[str] | None = None,
        ingress_private: bool | None = None,
        invocation_retry_policy: InvocationRetryPolicy | None = None,
        invocation_context_managers: list[ContextManagerFactory] | None = None,
    ) -> Callable[[SharedFunction], SharedFunction]:
        """Declare a shared handler, which runs beside the main one and reads its state and promises.

        Raises:
            TypeError: not an `async def` of the context, or of the context and one input.
            ValueError: the name is taken or not valid, or options contradict each other.
        """
        return self._declare(
            "handler",
            name=name,
            kind="shared",
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

    def _add(self, handler: Handler[Any, Any]) -> None:
        other = next((one.name for one in self.handlers.values() if one.kind == "workflow"), None)
        if handler.kind == "workflow" and other is not None:
            raise ValueError(
                f"{self.name} already has the main handler {other!r}; declare others with `.handler()`"
            )
        super()._add(handler)
