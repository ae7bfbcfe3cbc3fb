"""Calls a handler: input bytes to its argument, its result to output bytes."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from awaken.context import (
    Context,
    ObjectContext,
    ObjectSharedContext,
    WorkflowContext,
    WorkflowSharedContext,
)
from awaken.errors import TerminalError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from awaken._core import Input
    from awaken.context import Driver
    from awaken.handler import Handler

#: Which context a handler gets, by kind of service and of handler.
_CONTEXTS: dict[tuple[str, str | None], type[Context]] = {
    ("service", None): Context,
    ("object", "exclusive"): ObjectContext,
    ("object", "shared"): ObjectSharedContext,
    ("workflow", "workflow"): WorkflowContext,
    ("workflow", "shared"): WorkflowSharedContext,
}


def context_for(handler: Handler[Any, Any], driver: Driver, request: Input) -> Context:
    """Return the context that fits the kind of the handler."""
    return _CONTEXTS[handler.service_tag.kind, handler.kind](driver, request)


def call(handler: Handler[Any, Any], context: Context, body: bytes) -> Awaitable[Any]:
    """Return what awaiting runs the handler to its end and gives its result.

    The handler's own coroutine, where nothing surrounds it: a waiting invocation is held in memory frame by frame.

    Raises:
        TerminalError: the input does not decode.
    """
    if handler.arity == 1:
        arguments: tuple[Any, ...] = (context,)
    else:
        try:
            arguments = (context, handler.input_serde.deserialize(body))
        except Exception as reason:
            raise TerminalError(
                f"Unable to parse an input argument. {handler.target} got a body of {len(body)} bytes: {reason}"
            ) from reason
    if handler.context_managers:
        return _call_surrounded(handler, arguments)
    return handler.fn(*arguments)


async def _call_surrounded(handler: Handler[Any, Any], arguments: tuple[Any, ...]) -> Any:
    async with AsyncExitStack() as stack:
        for manager in handler.context_managers:
            await stack.enter_async_context(manager())
        return await handler.fn(*arguments)
