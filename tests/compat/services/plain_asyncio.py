"""Ordinary asyncio over durable operations."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from tests.compat.sdk import named, restate

plain_asyncio = restate.Service(named("PlainAsyncio"))

SOON = timedelta(milliseconds=20)


@plain_asyncio.handler()
async def gathered(ctx: restate.Context) -> list[Any]:
    return list(await asyncio.gather(ctx.run_typed("one", lambda: 1), ctx.sleep(SOON)))


@plain_asyncio.handler()
async def gathered_coroutines(ctx: restate.Context) -> list[Any]:
    async def part(n: int) -> int:
        await ctx.sleep(SOON)
        return await ctx.run_typed(f"part {n}", lambda: n)

    return list(await asyncio.gather(part(1), part(2)))


@plain_asyncio.handler()
async def grouped(ctx: restate.Context) -> list[Any]:
    async def part(n: int) -> int:
        return await ctx.run_typed(f"part {n}", lambda: n)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(part(n)) for n in (1, 2)]
    return [task.result() for task in tasks]


@plain_asyncio.handler()
async def one_after_the_other(ctx: restate.Context) -> list[Any]:
    """What works everywhere: a task that is awaited before anything else is."""
    task = asyncio.ensure_future(ctx.run_typed("one", lambda: 1))
    return [await task, await ctx.run_typed("two", lambda: 2)]
