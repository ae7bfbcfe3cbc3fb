"""Ordinary asyncio over durable futures."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import awaken as restate
from awaken import RetryableError

from tests.e2e.services.outside import count, record

concurrency = restate.Service("Concurrency")

BRIEFLY = timedelta(milliseconds=20)
LONG = timedelta(days=1)
#: Executions of `Concurrency/race` after which it succeeds.
REPLAYS = 3


def double(number: int) -> int:
    return 2 * number


@concurrency.handler()
async def gather(ctx: restate.Context) -> list[Any]:
    """Gather an action and a sleep."""
    doubled, _ = await asyncio.gather(ctx.run_typed("double", double, number=1), ctx.sleep(BRIEFLY))
    return [doubled]


@concurrency.handler()
async def task_group(ctx: restate.Context) -> list[int]:
    """Use durable futures in several tasks."""

    async def part(number: int) -> int:
        await ctx.sleep(BRIEFLY)
        return await ctx.run_typed(f"double {number}", double, number=number)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(part(number)) for number in range(3)]
    return [task.result() for task in tasks]


@concurrency.handler()
async def wait_first(ctx: restate.Context, effects: str) -> str:
    """Wait for the first of an awakeable and a long sleep."""
    id_, future = ctx.awakeable(type_hint=str)
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)

    async def answer() -> str:
        return str(await future)

    async def timeout() -> str:
        await ctx.sleep(LONG)
        return "too late"

    tasks = [asyncio.create_task(answer()), asyncio.create_task(timeout())]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return done.pop().result()


@concurrency.handler()
async def timed_select(ctx: restate.Context, effects: str) -> str:
    """Give up on an awakeable after a while."""
    id_, future = ctx.awakeable(type_hint=str)
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    match await restate.select(answer=future, timeout=ctx.sleep(BRIEFLY)):
        case ["answer", answer]:
            return str(answer)
        case _:
            return "too late"


@concurrency.handler()
async def race(ctx: restate.Context, effects: str) -> list[str]:
    """Record in which order tasks see their results, in each execution."""
    order: list[str] = []
    ids = []

    async def watch(name: str, future: restate.RestateDurableFuture[Any]) -> None:
        await future
        order.append(name)

    async with asyncio.TaskGroup() as group:
        for name in "abc":
            id_, future = ctx.awakeable()
            ids.append(id_)
            group.create_task(watch(name, future))
        await ctx.run_typed("hand out", record, path=effects, word="ids", value=" ".join(ids))
    record(effects, "order", "".join(order))
    if count(effects, "order") < REPLAYS:
        raise RetryableError("once more", retry_after=BRIEFLY)
    return order
