"""Handlers that ask for approvals, with the journal that `ctx.approve` writes."""

from __future__ import annotations

from typing import Any

import awaken as restate
from awaken import _core
from awaken.approvals import Answered, ApprovalFacts, read_answered, tally
from awaken.approvals.document import document_name
from awaken.context.callback_arguments import expiry_after
from awaken.context.futures import RestateDurableSleepFuture
from awaken.links.description import CallbackDescription, describe_callback

from tests.e2e.services.outside import record

asking = restate.Service("Asking")


@asking.handler()
async def ask(ctx: restate.Context, given: dict[str, Any]) -> dict[str, Any]:
    """Ask, and return what the answers came to.

    `given` has the file of effects, the facts of the approval, and if wanted name, type, document and seconds until it
    expires.
    """
    facts = ApprovalFacts.read(given["facts"])
    assert facts is not None
    slots = [ctx.awakeable(type_hint=bytes) for _ in range(facts.slots)]
    index = _core.parse_awakeable_id(slots[0].id).index
    timer = _describe(ctx, index, facts, given)
    if "document" in given:
        await ctx.run_typed(document_name(index), lambda: given["document"])
    await ctx.run_typed("hand out", record, path=given["effects"], word="asked", value=slots[0].id)
    answers: list[Answered] = []
    for slot in slots:
        try:
            match await restate.select(answer=slot.future, expiry=timer):
                case ["answer", value]:
                    answers.append(read_answered(value))
                case _:
                    return {"decided": "expired", "answers": len(answers)}
        except restate.TerminalError as error:
            answers.append(Answered(None, error.message))
        so_far = tally(facts, answers)
        if so_far.is_decided:
            return {"decided": so_far.is_approved, "by": [one.by for one in so_far.counted]}
    return {"decided": None, "answers": len(answers)}


@asking.handler()
async def wait_plainly(ctx: restate.Context, given: dict[str, Any]) -> Any:
    """Wait for a plain awakeable."""
    awakeable = ctx.awakeable()
    await ctx.run_typed("hand out", record, path=given["effects"], word="asked", value=awakeable.id)
    return await awakeable


def _describe(ctx: restate.Context, index: int, facts: ApprovalFacts, given: dict[str, Any]) -> Any:
    driver = ctx._driver
    description = CallbackDescription(
        index,
        given.get("name", "Pay?"),
        given.get("type", ""),
        {"team": "red"},
        driver.is_encoding,
        has_document="document" in given,
        approval=facts,
    )
    is_replaying = driver.machine.is_replaying()
    wake_up = expiry_after(given.get("expires_in", 3600), description.name, is_replaying=is_replaying)
    handle, _ = driver.issue("ask").timer(wake_up, describe_callback(description))
    return RestateDurableSleepFuture(driver, handle, None, "expiry")
