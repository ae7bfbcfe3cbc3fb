"""Handlers of the official SDK whose tasks wait side by side."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import restate

tasks = restate.Service("Tasks")


@tasks.handler("oneRun")
async def one_run(ctx: restate.Context, count: int) -> list[int]:
    """Each task waits for a run."""

    async def task(number: int) -> int:
        return await ctx.run_typed(f"run {number}", lambda: number)

    return list(await asyncio.gather(*map(task, range(count))))


@tasks.handler("asyncRun")
async def async_run(ctx: restate.Context, count: int) -> list[int]:
    """Each task waits for a run that is a coroutine, as calls of models are."""

    async def act(number: int) -> int:
        return number

    async def task(number: int) -> int:
        return await ctx.run_typed(f"run {number}", act, number=number)

    return list(await asyncio.gather(*map(task, range(count))))


@tasks.handler()
async def futures(ctx: restate.Context, count: int) -> list[int]:
    """No task but that of the handler: asyncio makes one of each future."""

    def act(number: int) -> int:
        return number

    runs = [ctx.run_typed(f"run {number}", act, number=number) for number in range(count)]
    return list(await asyncio.gather(*runs))


@tasks.handler()
async def sleeps(ctx: restate.Context, count: int) -> list[int]:
    """Each task sleeps as long as the others."""

    async def task(number: int) -> int:
        await ctx.sleep(timedelta(milliseconds=50))
        return number

    return list(await asyncio.gather(*map(task, range(count))))


app = restate.app([tasks])
