"""Side effects, time and random numbers, which must be the same in every execution."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import awaken as restate
from awaken import RetryableError, TerminalError

from tests.e2e.services.outside import count, record

actions = restate.Service("Actions")

BRIEFLY = timedelta(milliseconds=10)
#: Executions of `Actions/chance` after which it succeeds.
REPLAYS = 3


def add(left: int, right: int = 0) -> int:
    return left + right


async def add_later(left: int, right: int = 0) -> int:
    await asyncio.sleep(0)
    return left + right


@actions.handler()
async def arithmetic(ctx: restate.Context) -> list[int]:
    """Run plain and async functions, with positional and named arguments."""
    return [
        await ctx.run_typed("sync", add, restate.RunOptions(), 1, 2),
        await ctx.run_typed("sync named", add, left=3, right=4),
        await ctx.run_typed("async", add_later, restate.RunOptions(), 5, 6),
        await ctx.run_typed("async named", add_later, left=7, right=8),
        await ctx.run_typed("closure", lambda: add(9)),
    ]


@actions.handler()
async def failing(ctx: restate.Context, request: dict[str, Any]) -> dict[str, Any]:
    """Run an action that fails a number of times, and return how it ended."""
    effects = request["effects"]

    def attempt() -> str:
        record(effects, "attempt")
        if count(effects, "attempt") <= request["failures"]:
            raise ValueError("not yet")
        return "done"

    options: restate.RunOptions[str] = restate.RunOptions(
        max_attempts=request["max_attempts"], initial_retry_interval=BRIEFLY, retry_interval_factor=1.0
    )
    try:
        return {"value": await ctx.run_typed("attempt", attempt, options)}
    except TerminalError as error:
        return {"message": error.message, "code": error.status_code}


@actions.handler()
async def refused(ctx: restate.Context, effects: str) -> str:
    """Run an action that ends with a terminal error."""

    def refuse() -> str:
        record(effects, "attempt")
        raise TerminalError("out of stock", 418, {"item": "teapot"})

    return await ctx.run_typed("refuse", refuse)


@actions.handler()
async def once(ctx: restate.Context, effects: str) -> str:
    """Fail after an action; the action must not be executed again."""
    await ctx.run_typed("pay", record, path=effects, word="paid")
    record(effects, "execution")
    if count(effects, "execution") < REPLAYS:
        raise RetryableError("crash after the action", retry_after=BRIEFLY)
    return "done"


@actions.handler()
async def chance(ctx: restate.Context, effects: str) -> str:
    """Record random numbers and times in each execution."""
    drawn = [ctx.random().random(), ctx.random().randint(0, 1_000_000), str(ctx.uuid()), str(ctx.uuid())]
    now = await ctx.time()
    record(effects, "drawn", f"{drawn} {now}")
    if count(effects, "drawn") < REPLAYS:
        raise RetryableError("once more", retry_after=BRIEFLY)
    return str(drawn[2])


@actions.handler()
async def nap(ctx: restate.Context, seconds: float) -> float:
    """Sleep, and return for how long."""
    before = await ctx.time()
    await ctx.sleep(timedelta(seconds=seconds), "nap")
    return await ctx.time() - before


@actions.handler()
async def together(ctx: restate.Context) -> list[int]:
    """Run three actions concurrently."""
    futures: list[restate.RestateDurableFuture[int]] = [
        ctx.run_typed(f"part {n}", add_later, left=n, right=n) for n in range(3)
    ]
    await restate.gather(*futures)
    return [await future for future in futures]
