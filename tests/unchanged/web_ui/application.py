"""What the web UI shows in the tests: one service of each kind."""

from __future__ import annotations

import awaken as restate
from pydantic import BaseModel


class Order(BaseModel):
    number: int
    items: list[str] = []


shop = restate.Service("Shop")
carts = restate.VirtualObject("Carts")
signups = restate.Workflow("Signups")


@shop.handler()
async def order(ctx: restate.Context, wanted: Order) -> str:
    """Orders things."""
    return f"order {wanted.number} of {', '.join(wanted.items)}"


@shop.handler()
async def review(ctx: restate.Context, text: str) -> str:
    await ctx.run_typed("remember", lambda: text)
    await ctx.service_call(order, Order(number=1, items=["pen"]))
    _, answer = ctx.awakeable(type_hint=str)
    return await answer


@shop.handler(invocation_retry_policy=restate.InvocationRetryPolicy(max_attempts=1, on_max_attempts="pause"))
async def stumble(ctx: restate.Context) -> None:
    def fall() -> None:
        raise ValueError("the stock is unknown")

    await ctx.run_typed("count stock", fall)


@carts.handler()
async def add(ctx: restate.ObjectContext, item: str) -> int:
    items = await ctx.get("items", type_hint=list[str]) or []
    ctx.set("items", [*items, item])
    return len(items) + 1


@signups.main()
async def run(ctx: restate.WorkflowContext, address: str) -> str:
    return await ctx.promise("clicked", type_hint=str)


@signups.handler()
async def click(ctx: restate.WorkflowSharedContext, secret: str) -> None:
    await ctx.promise("clicked", type_hint=str).resolve(secret)


app = restate.app([shop, carts, signups])
