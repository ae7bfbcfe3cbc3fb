"""Ordinary asyncio over durable operations.

Of coroutines that wait side by side, whether they ever end depends on timing under the official SDK, so that nothing
can be expected of it; tests/e2e/services/concurrency.py has them for awaken.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from tests.compat.sdk import named, restate

plain_asyncio = restate.Service(named("PlainAsyncio"))

SOON = timedelta(milliseconds=20)


@plain_asyncio.handler()
async def gathered(ctx: restate.Context) -> list[Any]:
    return list(await asyncio.gather(ctx.run_typed("one", lambda: 1), ctx.sleep(SOON)))


@plain_asyncio.handler()
async def one_after_the_other(ctx: restate.Context) -> list[Any]:
    """Use a task in the way that works everywhere: await it before anything else."""
    task = asyncio.ensure_future(ctx.run_typed("one", lambda: 1))
    return [await task, await ctx.run_typed("two", lambda: 2)]


@plain_asyncio.handler()
async def out_of_time(ctx: restate.Context) -> str:
    """Give a run less time, by asyncio, than it takes."""

    async def slow() -> None:
        await asyncio.sleep(3600)

    try:
        async with asyncio.timeout(0.02):
            await ctx.run_typed("slow", slow)
    except TimeoutError as error:
        return type(error).__name__
    return "in time"


@plain_asyncio.handler()
async def left_in_a_run(ctx: restate.Context) -> list[Any]:
    """Change the context within a run."""

    async def set_it() -> None:
        _variable.set("by the run")

    await ctx.run_typed("set it", set_it)
    return [_variable.get()]


_variable: ContextVar[str] = ContextVar("variable", default="unset")
