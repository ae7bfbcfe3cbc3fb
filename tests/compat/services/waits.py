"""Waiting for others: awakeables, signals, promises, and cancellation."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from tests.compat.sdk import named, restate, serde
from tests.e2e.services.outside import record

waiting = restate.Service(named("Waiting"))
completing = restate.Service(named("Completing"))
signing = restate.Workflow(named("Signing"))


class Decision(BaseModel):
    approved: bool
    amount: int


@waiting.handler()
async def anything(ctx: restate.Context, effects: str) -> dict[str, Any]:
    id_, future = ctx.awakeable()
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    return {"value": await future}


@waiting.handler()
async def decision(ctx: restate.Context, effects: str) -> str:
    id_, future = ctx.awakeable(type_hint=Decision)
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    decided = await future
    return f"{type(decided).__name__} {decided.approved} {decided.amount}"


@waiting.handler()
async def raw(ctx: restate.Context, effects: str) -> list[int]:
    id_, future = ctx.awakeable(serde=serde.BytesSerde())
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    return list(await future)


@waiting.handler()
async def rescued(ctx: restate.Context, effects: str) -> dict[str, Any]:
    id_, future = ctx.awakeable()
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    try:
        await future
    except restate.TerminalError as error:
        return {"message": error.message, "code": error.status_code}
    raise AssertionError("it was resolved")


@waiting.handler()
async def compensating(ctx: restate.Context, effects: str) -> str:
    """Wait, and clean up durably when cancelled."""
    id_, future = ctx.awakeable()
    try:  # the test has the id, and may cancel before the run is acknowledged
        await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
        await future
    except restate.TerminalError as error:
        await ctx.run_typed("undo", record, path=effects, word="undone", value=error.status_code)
        raise
    return "never"


@waiting.handler()
async def signals(ctx: restate.Context, effects: str) -> list[Any]:
    await ctx.run_typed("tell", record, path=effects, word="invocation", value=ctx.request().id)
    first = await ctx.signal("first", type_hint=int)
    try:
        await ctx.signal("second")
    except restate.TerminalError as error:
        return [first, error.message, error.status_code]
    raise AssertionError("it was resolved")


@waiting.handler()
async def child(ctx: restate.Context, effects: str) -> dict[str, Any]:
    """Call a handler that waits forever, and cancel it."""
    call = ctx.service_call(anything, effects)
    await ctx.run_typed("tell", record, path=effects, word="child", value=await call.invocation_id())
    await call.cancel_invocation()
    try:
        await call
    except restate.TerminalError as error:
        return {"code": error.status_code}
    raise AssertionError("it was not cancelled")


@completing.handler()
async def resolve(ctx: restate.Context, request: dict[str, Any]) -> None:
    ctx.resolve_awakeable(request["id"], request["value"])


@completing.handler()
async def resolve_model(ctx: restate.Context, id_: str) -> None:
    ctx.resolve_awakeable(id_, Decision(approved=True, amount=7))


@completing.handler()
async def reject(ctx: restate.Context, request: dict[str, Any]) -> None:
    ctx.reject_awakeable(request["id"], request["reason"], failure_code=request["code"])


@completing.handler()
async def signal_both(ctx: restate.Context, invocation_id: str) -> None:
    ctx.resolve_signal(invocation_id, "first", 7)
    ctx.reject_signal(invocation_id, "second", "no more", 432)


@completing.handler()
async def cancel(ctx: restate.Context, invocation_id: str) -> None:
    ctx.cancel_invocation(invocation_id)


@signing.main()
async def run(ctx: restate.WorkflowContext, document: str) -> dict[str, Any]:
    ctx.set("document", document)
    try:
        signed = await ctx.promise("decision", type_hint=Decision).value()
    except restate.TerminalError as error:
        return {"document": document, "refused": error.message, "code": error.status_code}
    return {"document": document, "amount": signed.amount, "key": ctx.key()}


@signing.handler()
async def decide(ctx: restate.WorkflowSharedContext, amount: int) -> None:
    await ctx.promise("decision", type_hint=Decision).resolve(Decision(approved=True, amount=amount))


@signing.handler()
async def refuse(ctx: restate.WorkflowSharedContext, reason: str) -> None:
    await ctx.promise("decision", type_hint=Decision).reject(reason, 409)


@signing.handler()
async def peek(ctx: restate.WorkflowSharedContext) -> list[Any]:
    seen = await ctx.promise("decision", type_hint=Decision).peek()
    return [await ctx.get("document", type_hint=str), None if seen is None else seen.amount]


@completing.handler()
async def whole_workflow(ctx: restate.Context, key: str) -> dict[str, Any]:
    started = ctx.workflow_send(run, key=key, arg="contract")
    await ctx.workflow_call(decide, key=key, arg=5)
    answer: dict[str, Any] = await ctx.attach_invocation(await started.invocation_id())
    return answer


@completing.handler()
async def workflow_result(ctx: restate.Context, key: str) -> dict[str, Any]:
    ctx.workflow_send(decide, key=key, arg=6)
    answer: dict[str, Any] = await ctx.workflow_call(run, key=key, arg="letter")
    return answer
