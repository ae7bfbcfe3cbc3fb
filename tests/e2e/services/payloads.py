"""Values of many types, as parameters, results, state and payloads of awakeables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from uuid import UUID

import awaken as restate
from pydantic import BaseModel

from tests.e2e.services.outside import record

#: Gives up after one attempt, so that a value that cannot be written shows at once.
payloads = restate.Service(
    "Payloads", invocation_retry_policy=restate.InvocationRetryPolicy(max_attempts=1, on_max_attempts="kill")
)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Item(BaseModel):
    name: str
    price: float


@dataclass
class Order:
    id: UUID
    placed: datetime
    colour: Colour
    items: list[Item]


@payloads.handler()
async def through(ctx: restate.Context, order: Order) -> Order:
    """Pass an order through an action and return it; each member keeps its type."""
    assert isinstance(order.id, UUID)
    assert isinstance(order.items[0], Item)

    def age(order: Order) -> Order:
        return Order(order.id, datetime(2030, 1, 2, tzinfo=UTC), Colour.BLUE, order.items)

    aged = await ctx.run_typed("age", age, restate.RunOptions(type_hint=Order), order)
    assert isinstance(aged.items[0], Item)
    return aged


@payloads.handler()
async def items(ctx: restate.Context, items: list[Item]) -> list[Item]:
    """Double the prices."""
    return [Item(name=item.name, price=2 * item.price) for item in items]


@payloads.handler()
async def await_order(ctx: restate.Context, effects: str) -> str:
    """Wait for an order."""
    id_, future = ctx.awakeable(type_hint=Order)
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    order = await future
    return f"{order.colour.name} {order.placed.year} {order.items[0].name}"


@payloads.handler()
async def not_a_number(ctx: restate.Context) -> float:
    return float("nan")
