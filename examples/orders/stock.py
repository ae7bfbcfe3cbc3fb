"""The warehouse: one virtual object for each item."""

from dataclasses import dataclass, field

import awaken

stock = awaken.VirtualObject("stock")


@dataclass
class Shelf:
    """What is there of an item, and what is set aside for which order."""

    free: int = 0
    reserved: dict[str, int] = field(default_factory=dict)


@dataclass
class Reservation:
    order: str
    quantity: int


@stock.handler()
async def add(ctx: awaken.ObjectContext, quantity: int) -> Shelf:
    """Put more of the item on the shelf."""
    shelf = await ctx.get("shelf", type_hint=Shelf) or Shelf()
    shelf.free += quantity
    ctx.set("shelf", shelf)
    return shelf


@stock.handler()
async def reserve(ctx: awaken.ObjectContext, wanted: Reservation) -> None:
    """Set some aside for an order, once."""
    shelf = await ctx.get("shelf", type_hint=Shelf) or Shelf()
    if wanted.order in shelf.reserved:
        return
    if wanted.quantity > shelf.free:
        raise awaken.TerminalError(
            f"{wanted.quantity} of {ctx.key()} wanted, {shelf.free} there", status_code=409
        )
    shelf.free -= wanted.quantity
    shelf.reserved[wanted.order] = wanted.quantity
    ctx.set("shelf", shelf)


@stock.handler()
async def release(ctx: awaken.ObjectContext, order: str) -> None:
    """Put back what is set aside for an order, if anything is."""
    shelf = await ctx.get("shelf", type_hint=Shelf) or Shelf()
    shelf.free += shelf.reserved.pop(order, 0)
    ctx.set("shelf", shelf)


@stock.handler()
async def ship(ctx: awaken.ObjectContext, order: str) -> None:
    """Forget what was set aside for an order: it has left."""
    shelf = await ctx.get("shelf", type_hint=Shelf) or Shelf()
    shelf.reserved.pop(order, None)
    ctx.set("shelf", shelf)


@stock.handler(kind="shared")
async def look(ctx: awaken.ObjectSharedContext) -> Shelf:
    """Show the shelf, without waiting for those who change it."""
    return await ctx.get("shelf", type_hint=Shelf) or Shelf()
