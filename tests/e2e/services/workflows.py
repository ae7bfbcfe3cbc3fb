"""A workflow that waits for a decision under a name instead of an id."""

from __future__ import annotations

from typing import Any

import awaken as restate
from awaken import TerminalError

signing = restate.Workflow("Signing")
desk = restate.Service("Desk")


@signing.main()
async def run(ctx: restate.WorkflowContext, document: str) -> dict[str, Any]:
    ctx.set("document", document)
    try:
        decision = await ctx.promise("decision", type_hint=str).value()
    except TerminalError as error:
        return {"document": document, "refused": error.message}
    return {"document": document, "decision": decision, "key": ctx.key()}


@signing.handler()
async def decide(ctx: restate.WorkflowSharedContext, decision: str) -> None:
    await ctx.promise("decision", type_hint=str).resolve(decision)


@signing.handler()
async def refuse(ctx: restate.WorkflowSharedContext, reason: str) -> None:
    await ctx.promise("decision", type_hint=str).reject(reason)


@signing.handler()
async def look(ctx: restate.WorkflowSharedContext) -> list[str | None]:
    """Return what has to be signed, and the decision so far."""
    return [
        await ctx.get("document", type_hint=str),
        await ctx.promise("decision", type_hint=str).peek(),
    ]


@desk.handler()
async def sign(ctx: restate.Context, key: str) -> dict[str, Any]:
    """Run a whole workflow from a handler."""
    started = ctx.workflow_send(run, key=key, arg="contract")
    invocation_id = await started.invocation_id()
    await ctx.workflow_call(decide, key=key, arg="yes")
    answer: dict[str, Any] = await ctx.attach_invocation(invocation_id)
    return answer
