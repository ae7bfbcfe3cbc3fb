"""An expense is approved by mail: one link per person, a reminder after a day, another approver after two, an expiry.

    awaken dev expense_approval:app
    curl 127.0.0.1:8080/expenses/submit --json '{"what": "a desk", "amount": "300.00", "requester": "ada@example.com"}'

Mails go into the folder `outbox`, or to the server of `SMTP_URL`, such as smtp://localhost:1025.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import awaken
from awaken.notify import Email

APPROVERS = ["lead@example.com", "grace@example.com"]
SMTP_URL = os.environ.get("SMTP_URL")
OUTBOX = Path(os.environ.get("OUTBOX", "outbox"))
DAY = timedelta(days=1)

expenses = awaken.Service("expenses")


@dataclass
class Expense:
    what: str
    amount: Decimal
    requester: str


@expenses.handler()
async def submit(ctx: awaken.Context, expense: Expense) -> str:
    """Ask for approval. Nobody approves an expense of their own; without an answer, it is declined."""
    verdict = await ctx.approve(
        f"Buy {expense.what}?",
        data=expense,
        approvers=APPROVERS,
        not_by=[expense.requester],
        remind=[DAY],
        escalate={2 * DAY: ["cfo@example.com"]},
        expires_in=3 * DAY,
        on_expiry=awaken.Approval(False, "no answer in three days"),
        notify=Email(SMTP_URL, "expenses@example.com") if SMTP_URL else write,
    )
    return f"{'approved' if verdict.approved else 'declined'} by {verdict.by or 'nobody'} {verdict.answer.comment}"


def write(message: awaken.ApprovalMessage) -> None:
    """Put a message into the outbox, where a mail server would pick it up."""
    OUTBOX.mkdir(exist_ok=True)
    with (OUTBOX / "mail.txt").open("a") as outbox:
        print(f"To: {message.person}\nSubject: {message.title}\n\n{message.text}", file=outbox)


app = awaken.app([expenses])
