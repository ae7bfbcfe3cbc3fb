"""Handlers that fail in various ways."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from typing import Any

import awaken as restate
from awaken import RetryableError, TerminalError

from tests.e2e.services.awakeables import value
from tests.e2e.services.outside import count, record

failing = restate.Service("Failing")
#: Gives up after one attempt, so that its caller sees how an attempt fails.
hostile = restate.Service(
    "Hostile", invocation_retry_policy=restate.InvocationRetryPolicy(max_attempts=1, on_max_attempts="kill")
)
#: Stays in backing-off after a failure that asks for no delay of its own.
patient = restate.Service(
    "Patient", invocation_retry_policy=restate.InvocationRetryPolicy(initial_interval=timedelta(minutes=10))
)

BRIEFLY = timedelta(milliseconds=10)


@failing.handler()
async def terminal(ctx: restate.Context, request: dict[str, Any]) -> None:
    raise TerminalError(request["message"], request["code"], request["metadata"])


@failing.handler()
async def wrapped(ctx: restate.Context) -> None:
    """Raise a terminal error as the cause of another one."""
    try:
        raise TerminalError("the cause", 419)
    except TerminalError as error:
        raise ValueError("the wrapper") from error


@failing.handler()
async def retryable(ctx: restate.Context, request: dict[str, Any]) -> int:
    """Fail with a delay until the third attempt."""
    record(request["effects"], "attempt")
    attempts = count(request["effects"], "attempt")
    if attempts < request["attempts"]:
        raise RetryableError("later, please", retry_after=timedelta(milliseconds=request["delay_ms"]))
    return attempts


@hostile.handler()
async def exit_process(ctx: restate.Context) -> None:
    sys.exit("handlers must not do this")


@hostile.handler()
async def interrupt(ctx: restate.Context) -> None:
    raise KeyboardInterrupt("handlers must not do this either")


@hostile.handler()
async def unserialisable(ctx: restate.Context) -> Any:
    return {"lock": asyncio.Lock()}


@hostile.handler()
async def crash(ctx: restate.Context) -> None:
    raise ValueError("an ordinary mistake")


@patient.handler()
async def changed(ctx: restate.Context, effects: str) -> None:
    """Execute another action in the second execution."""
    record(effects, "execution")
    await ctx.run_typed(f"action {count(effects, 'execution')}", record, path=effects, word="action")
    raise RetryableError("now change", retry_after=BRIEFLY)


@patient.handler()
async def changed_until_mended(ctx: restate.Context, effects: str) -> str:
    """Execute another action from the second execution on, as changed code does, until `mended` is recorded."""
    record(effects, "execution")
    is_mended = count(effects, "mended") > 0
    is_changed = count(effects, "execution") > 1 and not is_mended
    await ctx.run_typed("changed" if is_changed else "action", record, path=effects, word="action")
    if not is_mended:
        raise RetryableError("now change", retry_after=BRIEFLY)
    return "done"


@failing.handler()
async def stubborn(ctx: restate.Context, effects: str) -> None:
    """Stay busy outside durable waits, and record how that ends."""
    record(effects, "busy")
    try:
        await asyncio.sleep(60)
        record(effects, "finished")
    except BaseException as error:
        record(effects, "stopped", type(error).__name__)
        raise


@failing.handler()
async def busy_until_told(ctx: restate.Context, effects: str) -> str:
    """Work outside durable waits until the test says to stop."""
    record(effects, "busy")
    while count(effects, "stop") == 0:
        await asyncio.sleep(0.02)
    return f"finished in execution {count(effects, 'busy')}"


@failing.handler()
async def parent(ctx: restate.Context, effects: str) -> str:
    """Call a child that waits forever, and clean up when cancelled."""
    child = ctx.service_call(value, arg=effects)
    try:  # the test has the id, and may cancel before the run is acknowledged
        await ctx.run_typed("tell", record, path=effects, word="child", value=await child.invocation_id())
        await child
    except TerminalError as error:
        await ctx.run_typed("compensate", record, path=effects, word="compensated", value=error.status_code)
        raise
    return "never"


@failing.handler()
async def cancels(ctx: restate.Context, invocation_id: str) -> None:
    ctx.cancel_invocation(invocation_id)


@patient.handler()
async def mistaken(ctx: restate.Context) -> float:
    """Fail in a function of its own."""
    return divide(1, 0)


@failing.handler(
    invocation_retry_policy=restate.InvocationRetryPolicy(max_attempts=1, on_max_attempts="pause")
)
async def pausing(ctx: restate.Context) -> float:
    """Fail until the runtime pauses the invocation for an operator."""
    return divide(1, 0)


def private(number: int) -> bytes:
    return f'"secret {number}"'.encode()


def divide(dividend: float, divisor: float) -> float:
    return dividend / divisor


@patient.handler()
async def unsteady(ctx: restate.Context, effects: str) -> None:
    """Send another value in the second execution, like code that takes it from a clock."""
    record(effects, "execution")
    ctx.generic_send("Greeter", "greet", private(count(effects, "execution")))
    raise RetryableError("once more", retry_after=BRIEFLY)
