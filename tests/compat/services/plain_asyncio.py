"""Ordinary asyncio over durable operations.

Of coroutines that wait side by side, whether they ever end depends on timing under the official SDK, so that nothing
can be expected of it; tests/e2e/services/concurrency.py has them for awaken.
"""

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
async def one_after_the_other(ctx: restate.Context) -> list[Any]:
    """What works everywhere: a task that is awaited before anything else is."""
    task = asyncio.ensure_future(ctx.run_typed("one", lambda: 1))
    return [await task, await ctx.run_typed("two", lambda: 2)]
