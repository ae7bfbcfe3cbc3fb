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


async def invoke(handler: Handler[Any, Any], context: Context, body: bytes) -> bytes:
    """Run the handler to its end.

    Raises:
        TerminalError: the input does not decode; or whatever the handler raises.
    """
    if handler.context_managers:
        async with AsyncExitStack() as stack:
            for manager in handler.context_managers:
                await stack.enter_async_context(manager())
            return await _call(handler, context, body)
    return await _call(handler, context, body)


async def _call(handler: Handler[Any, Any], context: Context, body: bytes) -> bytes:
    io = handler.io
    if handler.arity == 1:
        return io.output_serde.serialize(await handler.fn(context))
    try:
        argument = io.input_serde.deserialize(body)
    except Exception as reason:
        raise TerminalError(
            f"Unable to parse an input argument. {handler.target} got a body of {len(body)} bytes: {reason}"
        ) from reason
    return io.output_serde.serialize(await handler.fn(context, argument))
