"""Errors: terminal ones, retryable ones, and their causes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.compat.sdk import exceptions, named, restate
from tests.e2e.services.outside import count, record

failing = restate.Service(named("Failing"))
#: Gives up after one attempt, so that its caller sees how an attempt fails.
hostile = restate.Service(
    named("Hostile"),
    invocation_retry_policy=restate.InvocationRetryPolicy(max_attempts=1, on_max_attempts="kill"),
)


@failing.handler()
async def terminal(ctx: restate.Context, request: dict[str, Any]) -> None:
    raise restate.TerminalError(request["message"], status_code=request["code"], metadata=request["metadata"])


@failing.handler()
async def default_code(ctx: restate.Context) -> None:
    raise restate.TerminalError("no code given")


@failing.handler()
async def wrapped(ctx: restate.Context) -> None:
    try:
        raise restate.TerminalError("the cause", 419)
    except restate.TerminalError as error:
        raise ValueError("the wrapper") from error


@failing.handler()
async def retried(ctx: restate.Context, effects: str) -> int:
    record(effects, "attempt")
    if count(effects, "attempt") < 3:
        raise exceptions.RetryableError("later, please", retry_after=timedelta(milliseconds=20))
    return count(effects, "attempt")


@failing.handler()
async def wrapped_retryable(ctx: restate.Context, effects: str) -> int:
    record(effects, "attempt")
    try:
        if count(effects, "attempt") < 3:
            raise exceptions.RetryableError("later, please", retry_after=timedelta(milliseconds=20))
    except exceptions.RetryableError as error:
        raise ValueError("the wrapper") from error
    return count(effects, "attempt")


@failing.handler()
async def caught(ctx: restate.Context) -> dict[str, Any]:
    """Catch the failure of a callee."""
    try:
        await ctx.service_call(terminal, {"message": "sold out", "code": 422, "metadata": {"item": "teapot"}})
    except restate.TerminalError as error:
        return {"message": error.message, "code": error.status_code, "metadata": error.metadata}
    raise AssertionError("the callee did not fail")


@failing.handler()
async def number(ctx: restate.Context, n: int) -> int:
    return n


@hostile.handler()
async def crash(ctx: restate.Context) -> None:
    raise ValueError("an ordinary mistake")


@hostile.handler()
async def unwritable(ctx: restate.Context) -> Any:
    return {"nothing can write": object()}
