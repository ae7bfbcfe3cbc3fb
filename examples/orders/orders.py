"""Orders of a shop: approved, reserved, paid and delivered, or undone."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal

import awaken
import mail
import payments
from approvals import approve
from delivery import Parcel, deliver, delivery
from reports import note, reports
from settings import DAY
from stock import Reservation, release, reserve, ship, stock

APPROVAL_LIMIT = Decimal(1000)

orders = awaken.Service("orders")


@dataclass
class Order:
    id: str
    customer: str
    item: str
    quantity: int
    price: Decimal

    @property
    def total(self) -> Decimal:
        return self.quantity * self.price


@dataclass
class Receipt:
    order: str
    total: Decimal
    payment: str
    tracking: str


@orders.handler()
async def place(ctx: awaken.Context, order: Order) -> Receipt:
    """Take an order, and return its receipt when the customer has the parcel."""
    if order.quantity < 1:
        raise awaken.TerminalError(f"quantity is {order.quantity}; order at least 1", status_code=400)
    if order.total > APPROVAL_LIMIT:
        await approve(ctx, f"order {order.id} for {order.total}")

    undo: list[Callable[[], Awaitable[None]]] = []
    try:
        undo.append(lambda: ctx.object_call(release, order.item, order.id))
        await ctx.object_call(reserve, order.item, Reservation(order.id, order.quantity))

        undo.append(lambda: ctx.run_typed("refund", payments.refund, key=order.id))
        payment = await ctx.run_typed("charge", charge, order=order)

        parcel = Parcel(order.customer, order.item, order.quantity)
        tracking = await ctx.workflow_call(deliver, order.id, parcel)
    except awaken.TerminalError:
        for compensate in reversed(undo):
            await compensate()
        raise

    await ctx.object_call(ship, order.item, order.id)
    ctx.object_send(note, "sales", order.total)
    ctx.service_send(ask_for_review, order, send_delay=7 * DAY)
    return Receipt(order.id, order.total, payment, tracking)


@orders.handler()
async def ask_for_review(ctx: awaken.Context, order: Order) -> None:
    """Ask a customer how it was."""
    text = f"how do you like your {order.item}?"
    await ctx.run_typed("ask", mail.send, to=order.customer, text=text)


def charge(order: Order) -> str:
    """Charge the customer. A declined card is final; everything else is tried again."""
    try:
        return payments.charge(order.id, order.customer, order.total)
    except payments.CardDeclinedError as error:
        raise awaken.TerminalError(str(error), status_code=402) from error


app = awaken.app([orders, stock, delivery, reports])
