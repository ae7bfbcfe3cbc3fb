"""An exclusive handler that calls its own key would wait for its own end."""

from __future__ import annotations

import warnings

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
async def take_of(ctx: awaken.ObjectContext, key: str) -> None:
    ctx.object_call(take, key, 2)


@stock.handler()
async def look_at(ctx: awaken.ObjectContext, key: str) -> int:
    return await ctx.object_call(look, key, None)


@stock.handler(kind="shared")
async def order(ctx: awaken.ObjectSharedContext, key: str) -> int:
    return await ctx.object_call(take, key, 3)


async def test_a_call_of_the_own_key_is_warned_of() -> None:
    with pytest.warns(
        DevelopmentWarning, match="call Stock/take in Stock/take_of: the handler holds its own key"
    ):
        async with open_environment(stock) as env:
            await env.client.object_call(take_of, "desk", "desk")


async def test_calls_that_end_are_not() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with open_environment(stock) as env:
            await env.client.object_call(take_of, "desk", "lamp")
            assert await env.client.object_call(look_at, "desk", "desk") == 1
            assert await env.client.object_call(order, "desk", "desk") == 3
