"""Handlers that ask with a form of many kinds of fields."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal  # noqa: TC003 -- annotations are read at run time
from enum import Enum
from typing import Annotated, Any, Literal

import awaken as restate
from pydantic import BaseModel, Field

from tests.e2e.services.outside import record

purchasing = restate.Service("Purchasing")


class Risk(Enum):
    """How risky something is."""

    LOW = "low"
    HIGH = "high"


class Account(Enum):
    """An account to book on."""

    TRAVEL = "travel"
    OFFICE = "office"
    PEOPLE = "people"
    MARKETING = "marketing"
    RESEARCH = "research"
    LEGAL = "legal"


class Line(BaseModel):
    """A line of an order."""

    item: str = Field(max_length=60)
    quantity: int = Field(1, ge=1, le=100)


@dataclass
class Address:
    """Where it is delivered."""

    street: str
    city: str = "Leipzig"


class Purchase(BaseModel):
    """Decide about the purchase.

    It becomes part of the order.
    """

    approved: bool
    amount: Decimal = Field(gt=0, le=5000, description="What we may spend, in euros")
    risk: Risk = Field(title="How risky is it?")
    account: Account
    priority: Literal[3, 1, 2] = 2
    pay_on: date
    at: time | None = None
    meeting: datetime | None = None
    warranty: timedelta = timedelta(days=365)
    contact: str = Field("", max_length=100, json_schema_extra={"format": "email"})
    urgent: bool | None = None
    lines: list[Line] = Field(min_length=1, max_length=20)
    tags: list[str] = Field(default_factory=list)
    deliver_to: Address | None = None
    settings: dict[str, int] = Field(default_factory=dict)
    comment: str = ""


@dataclass
class Plain:
    """The same without pydantic."""

    amount: Annotated[Decimal, "euros"]
    at: datetime
    tags: list[str] = field(default_factory=list)


@purchasing.handler()
async def order(ctx: restate.Context, given: dict[str, Any]) -> dict[str, Any]:
    """Ask for a decision about an order, and return the answer and who gave it."""

    def send(message: restate.ApprovalMessage) -> None:
        record(given["effects"], "link", f"{message.person} {message.link}")

    verdict = await ctx.approve(
        given.get("question", "Order a coffee machine?"),
        details=given.get("details", "**ACME** offers it, see [the offer](https://example.org/offer)."),
        data=given.get(
            "data", {"model": "Aurora", "price": "2499.00", "parts": [{"name": "a"}, {"name": "b"}]}
        ),
        answer={"purchase": Purchase, "plain": Plain, "approval": restate.Approval}[
            given.get("answer", "purchase")
        ],
        approvers=given.get("approvers", ["boss@example.com"]),
        quorum=given.get("quorum", 1),
        expires_in=timedelta(seconds=given.get("expires_in", 3600)),
        notify=send,
    )
    answer = verdict.answer
    written = answer.model_dump(mode="json") if isinstance(answer, BaseModel) else repr(answer)
    return {"answer": json.loads(json.dumps(written)), "by": verdict.by, "via": verdict.via}
