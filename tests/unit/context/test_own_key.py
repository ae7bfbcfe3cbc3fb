"""An exclusive handler that waits for a call of its own key would wait for its own end."""

from __future__ import annotations

import asyncio
import warnings
from datetime import timedelta
from typing import Any

import awaken
import pytest
from awaken.testing import DevelopmentWarning, open_environment

stock = awaken.VirtualObject("Stock")


@stock.handler()
async def take(ctx: awaken.ObjectContext, count: int) -> int:
    return count


@stock.handler(kind="shared")
async def look(ctx: awaken.ObjectSharedContext) -> int:
    return 1


@stock.handler()
async def take_of(ctx: awaken.ObjectContext, key: str) -> int:
    return await ctx.object_call(take, key, 2)


@stock.handler()
async def take_together(ctx: awaken.ObjectContext, key: str) -> None:
    await asyncio.gather(ctx.object_call(take, key, 2), ctx.sleep(timedelta(seconds=1)))


@stock.handler()
async def take_in_task(ctx: awaken.ObjectContext, key: str) -> None:
    await asyncio.create_task(_take(ctx, key))


async def _take(ctx: awaken.ObjectContext, key: str) -> None:
    await ctx.object_call(take, key, 2)


@stock.handler()
async def take_later(ctx: awaken.ObjectContext, key: str) -> str:
    return await ctx.object_call(take, key, 2).invocation_id()


@stock.handler()
async def take_once(ctx: awaken.ObjectContext, key: str) -> int:
    return await ctx.object_call(take, key, 2, idempotency_key="once")


@stock.handler()
async def look_at(ctx: awaken.ObjectContext, key: str) -> int:
    return await ctx.object_call(look, key, None)


@stock.handler(kind="shared")
async def order(ctx: awaken.ObjectSharedContext, key: str) -> int:
    return await ctx.object_call(take, key, 3)


@pytest.mark.parametrize("handler", [take_of, take_together, take_in_task])
async def test_waiting_for_the_own_key_is_warned_of(handler: Any) -> None:
    expected = f"call Stock/take in Stock/{handler.__name__}: the handler holds its own key"
    with pytest.warns(DevelopmentWarning, match=expected):  # noqa: PT031 - it warns at its end
        async with open_environment(stock) as env:
            await env.client.object_send(handler, "desk", "desk")
            await env.advance(days=1)

            ended = env.fetch("SELECT 1 FROM invocation WHERE status = 'completed'")

    assert ended == []


async def test_calls_that_end_are_not() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with open_environment(stock) as env:
            assert await env.client.object_call(take_of, "desk", "lamp") == 2
            assert await env.client.object_call(look_at, "desk", "desk") == 1
            assert await env.client.object_call(order, "desk", "desk") == 3


async def test_call_that_nothing_waits_for_is_not() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with open_environment(stock) as env:
            called = await env.client.object_call(take_later, "desk", "desk")

            assert await env.client.attach(called, type_hint=int) == 2


async def test_call_that_has_ended_before_is_not() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with open_environment(stock) as env:
            await env.client.object_call(take, "desk", 2, idempotency_key="once")

            assert await env.client.object_call(take_once, "desk", "desk") == 2
