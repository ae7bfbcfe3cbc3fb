"""Handlers that hand out signed links."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

import awaken as restate
from awaken.context.callback import CallbackLink  # noqa: TC002 -- annotations are read at run time
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks

from tests.e2e.services.outside import record

callbacks = restate.Service("Callbacks")

KEY = base64.b64decode("bm90IGEgc2VjcmV0LCBmb3IgdGVzdHMgb2YgbGlua3Mh")
SETTINGS = CallbackSettings("http://localhost/callbacks", LinkSigner({"test": KEY}))
configure_callbacks(SETTINGS)


class Cost(Enum):
    """An account to book on."""

    TRAVEL = "travel"
    OFFICE = "office"


@dataclass
class Decision:
    """The answer of a person."""

    approved: bool
    amount: int
    cost: Cost
    comment: str = ""


@callbacks.handler()
async def decide(ctx: restate.Context, effects: str) -> str:
    """Hand out a link once, and wait for the decision."""

    def send(link: CallbackLink) -> None:
        record(effects, "link", f"{link.id} {link.url}")

    decision = await ctx.wait_for_callback(send, Decision, name="approve <b>now</b>", labels={"team": "red"})
    return f"{decision.approved} {decision.amount} {decision.cost.value} {decision.comment}"


@callbacks.handler()
async def confirm(ctx: restate.Context, effects: str) -> bool:
    """Wait for yes or no."""
    callback = ctx.callback(bool, name="sure?")
    await ctx.run_typed("hand out", record, path=effects, word="link", value=f"{callback.id} {callback.url}")
    return await callback


@callbacks.handler()
async def hurried(ctx: restate.Context, effects: str) -> str:
    """Wait for at most half a second."""
    callback = ctx.callback(Decision, name="quick", expires_in=timedelta(seconds=0.5))
    await ctx.run_typed("hand out", record, path=effects, word="link", value=f"{callback.id} {callback.url}")
    try:
        await callback
    except TimeoutError:
        return "too late"
    return "in time"


@callbacks.handler()
async def explain(ctx: restate.Context, effects: str) -> str:
    """Wait for an answer to a question in detail; for something else first."""
    callback = ctx.callback(
        Decision,
        name="explained",
        title="Pay invoice 4711?",
        details="**ACME** sent it.",
        data={"amount": 300},
        initial=Decision(approved=True, amount=300, cost=Cost.OFFICE),
    )
    await ctx.run_typed("hand out", record, path=effects, word="link", value=f"{callback.id} {callback}")
    await ctx.sleep(timedelta(seconds=3))
    return (await callback).comment
