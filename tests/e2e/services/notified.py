"""Handlers that ask people by mail and in Slack."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import awaken as restate
from awaken.notify import Email, Slack

from tests.fake_slack import SECRET, TOKEN

notified = restate.Service("Notified")


@dataclass
class Asked:
    """Who is asked, and how."""

    approvers: list[str]
    smtp_url: str = ""
    slack_url: str = ""
    quorum: int = 1
    remind_after_s: float | None = None
    escalate: list[str] = field(default_factory=list)


@notified.handler()
async def pay(ctx: restate.Context, asked: Asked) -> dict[str, Any]:
    """Ask whether an invoice may be paid, and return what was decided."""
    if asked.smtp_url:
        notify: Any = Email(
            asked.smtp_url,
            "Approvals <approvals@example.com>",
            groups={"finance": "finance-list@example.com"},
        )
    else:
        notify = Slack(TOKEN, SECRET, groups={"finance": "#finance"}, url=asked.slack_url)
    verdict = await ctx.approve(
        "Pay <invoice> 4711?",
        details="**ACME** sent it.",
        data={"amount": "1200.00"},
        approvers=asked.approvers,
        quorum=asked.quorum,
        remind=[] if asked.remind_after_s is None else [timedelta(seconds=asked.remind_after_s)],
        escalate={timedelta(seconds=asked.remind_after_s or 1): asked.escalate} if asked.escalate else None,
        expires_in=timedelta(minutes=5),
        notify=notify,
    )
    return {
        "approved": verdict.answer.approved,
        "comment": verdict.answer.comment,
        "by": verdict.by,
        "via": verdict.via,
        "all": [one.by for one in verdict.answers],
    }
