"""The way to the customer: one workflow for each order, which hears from the carrier through promises."""

from dataclasses import dataclass

import awaken
import mail

delivery = awaken.Workflow("delivery")


@dataclass
class Parcel:
    customer: str
    item: str
    quantity: int


@delivery.main()
async def deliver(ctx: awaken.WorkflowContext, parcel: Parcel) -> str:
    """Wait until the parcel is with the customer, and return its tracking number."""
    ctx.set("status", "waits for the carrier")
    text = f"fetch {parcel.quantity} {parcel.item}, order {ctx.key()}"
    await ctx.run_typed("call carrier", mail.send, to="carrier", text=text)
    tracking = await ctx.promise("tracking", type_hint=str)

    ctx.set("status", f"on its way as {tracking}")
    text = f"order {ctx.key()} is on its way as {tracking}"
    await ctx.run_typed("tell customer", mail.send, to=parcel.customer, text=text)
    await ctx.promise("arrival", type_hint=bool)

    ctx.set("status", "arrived")
    return tracking


@delivery.handler()
async def status(ctx: awaken.WorkflowSharedContext) -> str:
    """Tell where the parcel is."""
    return await ctx.get("status", type_hint=str) or "unknown"


@delivery.handler()
async def picked_up(ctx: awaken.WorkflowSharedContext, tracking: str) -> None:
    """The carrier has the parcel."""
    await ctx.promise("tracking", type_hint=str).resolve(tracking)


@delivery.handler()
async def arrived(ctx: awaken.WorkflowSharedContext) -> None:
    """The customer has the parcel."""
    await ctx.promise("arrival", type_hint=bool).resolve(True)


@delivery.handler()
async def lost(ctx: awaken.WorkflowSharedContext, reason: str) -> None:
    """The customer will not get the parcel."""
    await ctx.promise("arrival", type_hint=bool).reject(f"parcel lost: {reason}", code=410)
