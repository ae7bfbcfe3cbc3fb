"""A company whose handlers ask people: what the pictures of the documentation show, and a browser test plays."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

import awaken as restate
from awaken.notify import Email, Slack

from tests.fake_slack import SECRET, TOKEN

payments = restate.Service("Payments")
ledger = restate.VirtualObject("Ledger")
trips = restate.Service("Trips")
onboarding = restate.Workflow("Onboarding")
refunds = restate.Service("Refunds")
reports = restate.Service("Reports")


@dataclass
class Position:
    """One line of an invoice."""

    what: str
    pieces: int
    price: Decimal


@dataclass
class Invoice:
    """What a vendor wants."""

    number: str
    vendor: str
    amount: Decimal
    due: str
    order: str
    positions: list[Position] = field(default_factory=list)
    approvers: list[str] = field(default_factory=list)
    team: str = "office"
    quorum: int = 1
    remind_after_s: float | None = None
    escalate: list[str] = field(default_factory=list)
    expires_in_s: float = 3 * 86_400


@dataclass
class Payment:
    """Compare the amount with the order before you approve."""

    approved: bool
    account: Literal["office", "travel", "machines"] = "office"
    comment: str = ""


@dataclass
class Trip:
    """Where somebody wants to go."""

    traveller: str
    destination: str
    days: int
    cost: Decimal
    approver: str
    expires_in_s: float = 86_400


async def notify(message: restate.ApprovalMessage) -> None:
    """Write to people by mail, and to groups in Slack, if this process knows how."""
    smtp_url, slack_url = os.environ.get("COMPANY_SMTP"), os.environ.get("COMPANY_SLACK")
    if message.person.startswith("group:"):
        if slack_url:
            await Slack(TOKEN, SECRET, groups={"finance": "#finance"}, url=slack_url)(message)
    elif smtp_url:
        await Email(smtp_url, "Approvals <approvals@example.com>")(message)


@payments.handler()
async def pay(ctx: restate.Context, invoice: Invoice) -> str:
    """Have an invoice approved, book it and pay it."""
    await ctx.run_typed("look up the order", str, object=invoice.order)
    after = timedelta(seconds=invoice.remind_after_s or 4 * 3600)
    verdict = await ctx.approve(
        f"Pay invoice {invoice.number} of {invoice.vendor}?",
        details=f"**{invoice.vendor}** delivered what order `{invoice.order}` asked for. It is due on *{invoice.due}*.",
        data={
            "vendor": invoice.vendor,
            "amount": f"{invoice.amount} EUR",
            "due": invoice.due,
            "order": invoice.order,
            "positions": [
                {"what": one.what, "pieces": one.pieces, "price": f"{one.price} EUR"}
                for one in invoice.positions
            ],
        },
        answer=Payment,
        approvers=invoice.approvers or None,
        quorum=invoice.quorum,
        remind=[after],
        escalate={2 * after: invoice.escalate} if invoice.escalate else None,
        expires_in=timedelta(seconds=invoice.expires_in_s),
        notify=notify,
        labels={"team": invoice.team},
    )
    if not verdict.answer.approved:
        return f"not paid: {verdict.answer.comment or 'rejected'}"
    total = await ctx.object_call(book, key=verdict.answer.account, arg=str(invoice.amount))
    await ctx.run_typed("transfer", str, object=f"{invoice.amount} EUR to {invoice.vendor}")
    return f"paid, as {verdict.by} said; {total} EUR on {verdict.answer.account}"


@ledger.handler()
async def book(ctx: restate.ObjectContext, amount: str) -> str:
    """Add an amount to an account."""
    total = Decimal(await ctx.get("total", type_hint=str) or "0") + Decimal(amount)
    ctx.set("total", str(total))
    return str(total)


@trips.handler()
async def plan(ctx: restate.Context, trip: Trip) -> str:
    """Have a trip approved."""
    verdict = await ctx.approve(
        f"Send {trip.traveller} to {trip.destination}?",
        data={"destination": trip.destination, "days": trip.days, "cost": f"{trip.cost} EUR"},
        approvers=[trip.approver],
        not_by=[f"{trip.traveller.lower()}@example.com"],
        expires_in=timedelta(seconds=trip.expires_in_s),
        labels={"team": "sales"},
    )
    return f"{'approved' if verdict.answer.approved else 'rejected'} by {verdict.by}"


@onboarding.main()
async def run(ctx: restate.WorkflowContext, name: str) -> str:
    """Wait until a desk is ready."""
    await ctx.run_typed("create account", str, object=name)
    delivered: Any = await ctx.callback(str, name=f"Laptop for {name} handed over?", labels={"team": "it"})
    return f"{name} has a laptop: {delivered}"


@refunds.handler(
    invocation_retry_policy=restate.InvocationRetryPolicy(
        initial_interval=timedelta(seconds=20), max_attempts=50
    )
)
async def refund(ctx: restate.Context, order: str) -> str:
    """Give money back; the bank of some orders does not answer."""

    def transfer() -> str:
        if order.startswith("bad"):
            raise TimeoutError("bank.example.com did not answer within 10 s")
        return f"{order} refunded"

    if order.startswith("unknown"):
        raise restate.TerminalError(f"there is no order {order}", 404)
    return await ctx.run_typed("transfer", transfer)


@reports.handler()
async def monthly(ctx: restate.Context, month: str) -> str:
    """Wait for the end of a month, and write its report."""
    await ctx.sleep(timedelta(days=20 if month == "November" else 0), name=f"until {month} is over")
    await ctx.run_typed("write", str, object=month)
    return f"report of {month}"


app = restate.app([payments, ledger, trips, onboarding, refunds, reports])
