"""Calls a handler: input bytes to its argument, its result to output bytes."""

from __future__ import annotations

import copy
import inspect
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from awaken.context.context import CONTEXTS
from awaken.diagnostics import development
from awaken.errors import SerdeError, TerminalError
from awaken.handler import values
from awaken.serde import DefaultSerde
from awaken.serde.annotations import allows_none, type_name
from awaken.serde.validation import error_text

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from awaken._core import Input
    from awaken.context.context import Context
    from awaken.context.driver import Driver
    from awaken.handler.handler import Handler


def context_for(handler: Handler[Any, Any], driver: Driver, request: Input) -> Context:
    """Return the context that fits the kind of the handler."""
    return CONTEXTS[handler.service_tag.kind, handler.kind](driver, request)


def call(
    handler: Handler[Any, Any], context: Context, body: bytes, *, is_strict: bool = False
) -> Awaitable[Any]:
    """Return an awaitable that runs the handler and returns its result.

    It is the handler's own coroutine if nothing surrounds it: each frame of a waiting invocation takes memory.

    Raises:
        TerminalError: the input does not decode.
    """
    if handler.arity == 1:
        arguments: tuple[Any, ...] = (context,)
    else:
        try:
            arguments = (context, _read_input(handler, body, is_strict=is_strict))
        except Exception as reason:
            raise TerminalError(
                f"Unable to parse an input argument. {handler.target} got a body of {len(body)} bytes: "
                f"{error_text(reason)}"
            ) from reason
    if handler.context_managers:
        return _call_surrounded(handler, arguments)
    return handler.fn(*arguments)


def write_result(handler: Handler[Any, Any], result: Any, *, is_strict: bool = False) -> bytes:
    """Write what a handler returned.

    Every caller receives the same bytes, over HTTP or from another handler: a strict endpoint checks the result here,
    and other endpoints refuse nothing.

    Raises:
        UsageError: the value cannot be written.
        TerminalError: the endpoint is strict, and the value is not what the handler declares.
    """
    serde = handler.output_serde
    body = values.write(serde, result, lambda: f"the result of {handler.target}")
    if isinstance(serde, DefaultSerde) and (is_strict or development.is_enabled()):
        try:
            serde.read(body, lambda: f"result of {handler.target}", is_strict=is_strict, is_result=True)
        except SerdeError as reason:
            raise TerminalError(f"{handler.target} returned what it does not declare: {reason}") from reason
    return body


def _read_input(handler: Handler[Any, Any], body: bytes, *, is_strict: bool) -> Any:
    serde = handler.input_serde
    value = (
        serde.read(body, lambda: f"input of {handler.target}", is_strict=is_strict)
        if isinstance(serde, DefaultSerde)
        else serde.deserialize(body)
    )
    return value if body or value is not None else _missing_input(handler)


def _missing_input(handler: Handler[Any, Any]) -> Any:
    """Return what the handler receives for an empty body: its default, or None if its annotation allows it."""
    io = handler.io
    if io.input_default is not inspect.Parameter.empty:
        return copy.deepcopy(io.input_default)  # what one invocation changes is not the next one's input
    if allows_none(io.input_type):
        return None
    declared = f"{io.input_name}: {type_name(io.input_type)}"
    raise SerdeError(
        "read",
        type_name(io.input_type),
        f"the body is empty; send a value for `{declared}`, or declare `{declared} | None`, or a default",
    )


async def _call_surrounded(handler: Handler[Any, Any], arguments: tuple[Any, ...]) -> Any:
    async with AsyncExitStack() as stack:
        for manager in handler.context_managers:
            await stack.enter_async_context(manager())
        return await handler.fn(*arguments)
