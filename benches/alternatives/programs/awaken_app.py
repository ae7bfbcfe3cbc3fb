"""One step, and one wait for an answer, under awaken."""

from __future__ import annotations

import awaken

shop = awaken.Service("shop")


@shop.handler()
async def step(ctx: awaken.Context, order: str) -> str:
    return await ctx.run_typed("charge", charge, order=order)


@shop.handler()
async def ask(ctx: awaken.Context, order: str) -> str:
    return f"{order}: {await ctx.awakeable(type_hint=str)}"


async def charge(order: str) -> str:
    return f"charged {order}"


app = awaken.app([shop])
