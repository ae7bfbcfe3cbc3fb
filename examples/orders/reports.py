"""A mail with the sales of each day: a virtual object that calls itself tomorrow."""

from decimal import Decimal

import awaken
import mail
from settings import DAY

reports = awaken.VirtualObject("reports")


@reports.handler()
async def note(ctx: awaken.ObjectContext, amount: Decimal) -> None:
    """Add a sale to the report of today."""
    sold = await ctx.get("sold", type_hint=Decimal) or Decimal(0)
    ctx.set("sold", sold + amount)


@reports.handler()
async def start(ctx: awaken.ObjectContext) -> None:
    """Begin to report, unless that has begun."""
    if await ctx.get("next", type_hint=str) is None:
        await _come_back(ctx)


@reports.handler()
async def stop(ctx: awaken.ObjectContext) -> None:
    """End the reports."""
    planned = await ctx.get("next", type_hint=str)
    if planned is not None:
        ctx.cancel_invocation(planned)
        ctx.clear("next")


@reports.handler()
async def send(ctx: awaken.ObjectContext) -> None:
    """Mail the report of today, and plan the one of tomorrow."""
    sold = await ctx.get("sold", type_hint=Decimal) or Decimal(0)
    await ctx.run_typed("report", mail.send, to=f"{ctx.key()}@example.com", text=f"sold for {sold}")
    ctx.clear("sold")
    await _come_back(ctx)


async def _come_back(ctx: awaken.ObjectContext) -> None:
    planned = ctx.object_send(send, ctx.key(), None, send_delay=DAY)
    ctx.set("next", await planned.invocation_id())
