"""Approvals by a person."""

from dataclasses import dataclass

import awaken
import mail
from settings import DAY


@dataclass
class Decision:
    approved: bool
    by: str


async def approve(ctx: awaken.Context, what: str) -> None:
    """Wait until a person approves something; remind after a day, give up after two."""
    decision = ctx.awakeable(type_hint=Decision)
    for request in ("please approve", "reminder: please approve"):
        text = f"{request} {what}: {decision.id}"
        await ctx.run_typed("ask", mail.send, to="lead@example.com", text=text)
        try:
            answer = await decision.result(timeout=DAY)
        except TimeoutError:
            continue
        if not answer.approved:
            raise awaken.TerminalError(f"declined by {answer.by}", status_code=403)
        return
    raise awaken.TerminalError(f"nobody approved {what} in time", status_code=408)
