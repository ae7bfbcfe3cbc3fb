"""Workflows, which run once per key."""

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

# The decorator returns the type that it was given, so that calls of the handler know its input and output. The bound
# makes type checkers reject plain functions, wrong parameters and the context of another kind of service.
MainFunction = TypeVar("MainFunction", bound="AnyMainFunction")
SharedFunction = TypeVar("SharedFunction", bound="AnySharedFunction")


class Workflow(KeyedDefinition):
    """A service with one main handler, which runs once per key, and shared handlers that interact with it.

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
        """Declare the main handler. A workflow has exactly one.

        The handler has the name of its function unless you give another one. `accept` and `content_type` are the media
        types of its input and output, `input_serde` and `output_serde` read and write them. `workflow_retention` is
        how long a completed workflow can be addressed by its key. All other options override those of the workflow.

        Raises:
            TypeError: the function is not an `async def` of the context, or of the context and one input.
            ValueError: there is already a main handler, or the name or an option is invalid.
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
        """Declare a shared handler, which runs concurrently with the main one and reads its state and promises.

        The handler has the name of its function unless you give another one. `accept` and `content_type` are the media
        types of its input and output, `input_serde` and `output_serde` read and write them. All other options override
        those of the workflow.

        Raises:
            TypeError: the function is not an `async def` of the context, or of the context and one input.
            ValueError: the name is taken or invalid, or options contradict each other.
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
