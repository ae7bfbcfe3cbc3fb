"""Handlers that count exactly, even when their attempts are interrupted."""

from __future__ import annotations

import awaken as restate

counted = restate.Service("Counted")
meter = restate.VirtualObject("Meter")


@meter.handler()
async def add(ctx: restate.ObjectContext, amount: int) -> int:
    total = (await ctx.get("total", type_hint=int) or 0) + amount
    ctx.set("total", total)
    return total


@meter.handler(kind="shared")
async def total(ctx: restate.ObjectSharedContext) -> int:
    return await ctx.get("total", type_hint=int) or 0


@counted.handler()
async def wait_between(ctx: restate.Context, key: str) -> str:
    """Count, wait, count."""
    result = ctx.awakeable(type_hint=str)
    await ctx.object_call(add, key=key, arg=1)
    answer = await result
    await ctx.object_call(add, key=key, arg=1)
    return answer
