"""An expense is approved by mail: a link for the decision, a reminder after a day, another approver, and an expiry.

Configure where links lead and which key signs them, serve the handlers, and serve the callback route:

    export AWAKEN_CALLBACK_URL=http://127.0.0.1:8000/callbacks AWAKEN_CALLBACK_KEYS=2026a:$(openssl rand -base64 32)
    awaken serve expense_approval:app --register http://127.0.0.1:9070
    uvicorn expense_approval:web --port 8000
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import awaken
from starlette.applications import Starlette
from starlette.routing import Mount

OUTBOX = Path(os.environ.get("OUTBOX", "outbox"))
DAY = timedelta(days=1)

approvals = awaken.Service("approvals")


@dataclass
class Expense:
    """An amount to spend, and the people to ask."""

    what: str
    amount: int
    approvers: list[str]


@dataclass
class Decision:
    """The answer of an approver, from the form."""

    approved: bool
    comment: str = ""


@approvals.handler()
async def submit(ctx: awaken.Context, expense: Expense) -> str:
    """Ask one approver after the other, for three days each. Without an answer, the expense is declined."""
    for approver in expense.approvers:
        decision = ctx.callback(
            Decision,
            name=f"Approve {expense.what} for {expense.amount} EUR, {approver}",
            expires_in=3 * DAY,
            labels={"approver": approver},
        )
        await ctx.run_typed("mail", send, to=approver, subject=expense.what, link=decision.link)
        try:
            answer = await with_reminder(ctx, decision, approver, expense)
        except TimeoutError:
            continue  # escalate
        return f"{'approved' if answer.approved else 'declined'} by {approver} {answer.comment}".rstrip()
    return "declined: no answer"


async def with_reminder(
    ctx: awaken.Context, decision: awaken.Callback[Decision], approver: str, expense: Expense
) -> Decision:
    """Wait for the decision; remind the approver once, after a day."""
    waiting = asyncio.ensure_future(decision.result())
    reminder = ctx.sleep(DAY, "before the reminder")
    first: list[asyncio.Future[Any]] = [waiting, reminder]
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        await ctx.run_typed(
            "remind", send, to=approver, subject=f"Reminder: {expense.what}", link=decision.link
        )
    return await waiting


def send(to: str, subject: str, link: awaken.CallbackLink) -> None:
    """Put a message into the outbox, where a mail server would pick it up."""
    OUTBOX.mkdir(exist_ok=True)
    with (OUTBOX / "mail.txt").open("a") as outbox:
        print(f"To: {to}\nSubject: {subject}\n\n{link.url}\n", file=outbox)


app = awaken.app([approvals])


def make_web() -> Starlette:
    """Return a web application that serves the links; mount the route in your own in the same way."""
    from awaken.callbacks import create_callback_app

    return Starlette(routes=[Mount("/callbacks", create_callback_app())])


web = make_web()
