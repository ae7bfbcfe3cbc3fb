"""An expense waits for a decision, through crashes and deploys. `make demo` shows it live."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import awaken

OUTBOX = Path(os.environ.get("OUTBOX", "outbox"))

expenses = awaken.Service("expenses")


@dataclass
class Decision:
    """The answer from outside."""

    approved: bool
    by: str


@expenses.handler()
async def submit(ctx: awaken.Context, expense: str) -> str:
    """Ask for a decision, wait as long as it takes, and record the outcome."""
    decision = ctx.awakeable(type_hint=Decision)
    await ctx.run_typed("ask", ask, expense=expense, awakeable_id=decision.id)

    answer = await decision
    outcome = f"{expense}: {'approved' if answer.approved else 'declined'} by {answer.by}"

    await ctx.run_typed("record", record, outcome=outcome)
    return outcome


def ask(expense: str, awakeable_id: str) -> None:
    """Put a request into the outbox, as a mail would be; anyone who has the id can answer it."""
    (OUTBOX / "request.json").write_text(json.dumps({"expense": expense, "awakeable": awakeable_id}))


def record(outcome: str) -> None:
    """Add a line to the ledger."""
    with (OUTBOX / "ledger.txt").open("a") as ledger:
        print(outcome, file=ledger)


app = awaken.app([expenses])
