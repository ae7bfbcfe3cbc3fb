"""Handlers whose journals have every kind of entry, for the pages that show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import awaken as restate

from tests.e2e.services.calls import add, greet

shipping = restate.VirtualObject("Shipping")
journey = restate.Workflow("Journey")


@dataclass
class Parcel:
    """What is to be sent."""

    weight: float
    is_fragile: bool = False
    note: str = ""


@dataclass
class Receipt:
    """What the driver says."""

    signed: bool
    name: str = ""


@shipping.handler()
async def ship(ctx: restate.ObjectContext, parcel: Parcel) -> dict[str, Any]:
    """Use a bit of everything, and wait for a receipt."""
    ctx.set("status", "packing")
    before = await ctx.get("status", type_hint=str)
    label = await ctx.run_typed("print label", lambda: {"label": "L-1", "for": ctx.key()})
    await ctx.sleep(timedelta(milliseconds=30), name="let it dry")
    greeting = await ctx.service_call(greet, arg=ctx.key())
    ctx.object_send(add, key="parcels", arg=1)
    plain_id, plain = ctx.awakeable(type_hint=str)
    ctx.set("plain", plain_id)
    scanned = await plain
    receipt = await ctx.callback(
        Receipt, name="Signed at the door?", expires_in=timedelta(days=2), labels={"team": "drivers"}
    )
    ctx.clear("plain")
    ctx.set("status", "delivered")
    return {
        "before": before,
        "label": label,
        "greeting": greeting,
        "scanned": scanned,
        "signed": receipt.signed,
        "weight": parcel.weight,
    }


@shipping.handler(kind="shared")
async def status(ctx: restate.ObjectSharedContext) -> str | None:
    return await ctx.get("status", type_hint=str)


@shipping.handler()
async def lose(ctx: restate.ObjectContext, why: str) -> None:
    """Fail until somebody kills it."""
    await ctx.run_typed("look for it", lambda: 1)
    raise ValueError(why)


@shipping.handler()
async def fail(ctx: restate.ObjectContext, why: str) -> None:
    raise restate.TerminalError(why, 422)


@shipping.handler()
async def fill(ctx: restate.ObjectContext, values: dict[str, Any]) -> int:
    """Set the state of the key."""
    for name, value in values.items():
        ctx.set(name, value)
    return len(values)


@journey.main()
async def travel(ctx: restate.WorkflowContext, destination: str) -> str:
    """Wait for a promise."""
    return f"{destination} by {await ctx.promise('vehicle', type_hint=str).value()}"


@journey.handler()
async def board(ctx: restate.WorkflowSharedContext, vehicle: str) -> None:
    await ctx.promise("vehicle", type_hint=str).resolve(vehicle)
