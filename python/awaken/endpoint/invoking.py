"""Calls a handler: input bytes to its argument, its result to output bytes."""

from __future__ import annotations

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
    return _CONTEXTS[handler.service.kind, handler.kind](driver, request)


async def invoke(handler: Handler[Any, Any], context: Context, body: bytes) -> bytes:
    """Run the handler to its end.

    Raises:
        TerminalError: the input does not decode; or whatever the handler raises.
    """
    if handler.arity == 1:
        result = await handler.fn(context)
    else:
        try:
            argument = handler.input_serde.deserialize(body)
        except Exception as reason:
            raise TerminalError(
                f"Unable to parse an input argument. {handler.target} got a body of {len(body)} bytes: {reason}"
            ) from reason
        result = await handler.fn(context, argument)
    return handler.output_serde.serialize(result)
