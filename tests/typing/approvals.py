"""Types of approvals, for the checkers: what is asked for decides what a verdict has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import assert_type

import awaken


@dataclass
class Decision:
    """An answer."""

    approved: bool


async def notify(message: awaken.ApprovalMessage) -> None:
    """Take a message."""
    print(message.link)


async def by_default(ctx: awaken.Context) -> None:
    """Ask for the usual answer."""
    verdict = await ctx.approve("Pay?", approvers=["ann"], notify=notify, on_expiry=awaken.Approval(False))
    assert_type(verdict, awaken.Verdict[awaken.Approval])
    assert_type(verdict.answer.comment, str)
    assert_type(verdict.answers[0].answer, awaken.Approval | None)


async def of_a_type(ctx: awaken.WorkflowContext) -> None:
    """Ask for an answer of a type."""
    verdict = await ctx.approve(
        "Pay?",
        answer=Decision,
        initial=Decision(True),
        escalate={timedelta(days=1): ["cfo"]},
        remind=[timedelta(hours=1)],
    )
    assert_type(verdict, awaken.Verdict[Decision])
    assert_type(verdict.approved, bool)
    await ctx.approve("Pay?", approvers=None)
    await ctx.approve("Pay?", not_by=None)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await ctx.approve("Pay?", notify=3)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await ctx.approve("Pay?", quorum="two")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
