"""Know your customer: documents come in by a form, and two of three reviewers decide."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import awaken

REVIEWERS = ["grace@example.com", "linus@example.com", "margaret@example.com"]
OUTBOX = Path(os.environ.get("OUTBOX", "outbox"))
DAY = timedelta(days=1)

kyc = awaken.Workflow("Kyc")


@dataclass
class Customer:
    name: str
    mail: str


@dataclass
class Documents:
    """Please copy this from your passport."""

    full_name: str
    born_on: date
    nationality: Literal["AT", "CH", "DE", "FR", "IT"]
    passport_number: str


@dataclass
class Review:
    """Compare the passport with the sanctions list first."""

    approved: bool
    risk: Literal["low", "medium", "high"] = "low"
    comment: str = ""


@dataclass
class Outcome:
    status: Literal["verified", "rejected", "expired"]
    reason: str
    reviewers: list[str] = field(default_factory=list)


@kyc.main()
async def check(ctx: awaken.WorkflowContext, customer: Customer) -> Outcome:
    """Check a customer, once per key. It ends with a decision, or when somebody lets their time pass."""
    ctx.set("status", "waiting for documents")
    try:
        documents = await collect(ctx, customer)
        ctx.set("status", "in review")
        outcome = await review(ctx, customer, documents)
    except TimeoutError as error:
        outcome = Outcome("expired", str(error))
    ctx.set("status", outcome.status)
    await ctx.run_typed(
        "tell", write_mail, to=customer.mail, subject=f"Your account is {outcome.status}", text=outcome.reason
    )
    return outcome


async def collect(ctx: awaken.WorkflowContext, customer: Customer) -> Documents:
    """Send a link to a form, remind once after three days, and give up after fourteen."""
    form = ctx.callback(
        Documents,
        name=f"Documents of {customer.name}",
        title="Your passport",
        expires_in=14 * DAY,
        labels={"customer": ctx.key()},
    )
    mail = {"to": customer.mail, "text": form.url}
    await ctx.run_typed("invite", write_mail, subject="Open your account", **mail)
    match await awaken.select(form=form, reminder=ctx.sleep(3 * DAY, "reminder")):
        case ["form", Documents() as documents]:
            return documents
    await ctx.run_typed("remind", write_mail, subject="Your account waits for you", **mail)
    return await form


async def review(ctx: awaken.WorkflowContext, customer: Customer, documents: Documents) -> Outcome:
    """Ask three reviewers. Two approvals verify the customer, two rejections do not."""
    verdict = await ctx.approve(
        f"Verify {customer.name}?",
        data=documents,
        answer=Review,
        approvers=REVIEWERS,
        not_by=[customer.mail],
        quorum=2,
        rejections=2,
        remind=[DAY, 3 * DAY],
        expires_in=5 * DAY,
        labels={"customer": ctx.key()},
        notify=tell_reviewer,
    )
    people = [answer.by or "unknown" for answer in verdict.answers]
    if not verdict.approved:
        return Outcome("rejected", verdict.answer.comment or "the reviewers rejected it", people)
    return Outcome("verified", f"the risk is {verdict.answer.risk}", people)


@kyc.handler()
async def status(ctx: awaken.WorkflowSharedContext) -> str:
    """Tell how far a check is, while it runs and afterwards."""
    return await ctx.get("status", type_hint=str) or "unknown"


def tell_reviewer(message: awaken.ApprovalMessage) -> None:
    write_mail(
        to=message.person or "everybody", subject=message.title, text=str(message.link or message.text)
    )


def write_mail(to: str, subject: str, text: str) -> None:
    """Put a mail into the outbox, a file for each person. Yours may call a mail server."""
    OUTBOX.mkdir(exist_ok=True)
    with (OUTBOX / f"{to}.txt").open("a") as outbox:
        print(f"{subject}\n{text}", file=outbox)
    print(f"mail to {to}: {subject}", flush=True)


app = awaken.app([kyc])
