"""Handlers that wait on awakeables, and handlers that complete those of others."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import awaken as restate
from awaken import RetryableError, TerminalError
from awaken.serde import BytesSerde
from pydantic import BaseModel

from tests.e2e.services.outside import count, record

awaiting = restate.Service("Awaiting")
resolving = restate.Service("Resolving")
keeper = restate.VirtualObject("Keeper")

#: Executions of `Awaiting/replayed` after which it succeeds.
REPLAYS = 3


class Approval(BaseModel):
    approved: bool
    amount: int


@awaiting.handler()
async def value(ctx: restate.Context, effects: str) -> dict[str, Any]:
    """Wait for any JSON value."""
    id_, future = ctx.awakeable()
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    return {"value": await future}


@awaiting.handler()
async def tagged(ctx: restate.Context, effects: str) -> Any:
    """Wait between two effects that name the invocation."""
    me = ctx.request().id
    id_, future = ctx.awakeable()
    await ctx.run_typed("hand out", record, path=effects, word="id", value=f"{me} {id_}")
    answer = await future
    await ctx.run_typed("finish", record, path=effects, word="done", value=answer)
    return answer


@awaiting.handler()
async def binary(ctx: restate.Context, effects: str) -> dict[str, Any]:
    """Wait for any bytes."""
    id_, future = ctx.awakeable(BytesSerde())
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    got = await future
    return {"size": len(got), "sha256": hashlib.sha256(got).hexdigest()}


@awaiting.handler()
async def model(ctx: restate.Context, effects: str) -> str:
    """Wait for a value of a declared type."""
    id_, future = ctx.awakeable(type_hint=Approval)
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    approval = await future
    record(effects, "type", type(approval).__name__)
    return f"{approval.approved} {approval.amount}"


@awaiting.handler()
async def number(ctx: restate.Context, effects: str) -> int:
    """Wait for a value of a builtin type."""
    id_, future = ctx.awakeable(type_hint=int)
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    return await future


@awaiting.handler()
async def replayed(ctx: restate.Context, effects: str) -> str:
    """Run several times, and record the id each time."""
    id_, future = ctx.awakeable()
    record(effects, "seen", id_)
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    answer: str = await future
    record(effects, "answer", answer)
    if count(effects, "answer") < REPLAYS:
        raise RetryableError("once more", retry_after=timedelta(milliseconds=10))
    return answer


@awaiting.handler()
async def rescued(ctx: restate.Context, effects: str) -> dict[str, Any]:
    """Return how the wait failed instead of failing."""
    id_, future = ctx.awakeable()
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    try:
        return {"value": await future}
    except TerminalError as error:
        return {"message": error.message, "code": error.status_code}


@awaiting.handler()
async def pair(ctx: restate.Context, effects: str) -> list[Any]:
    """Wait for two awakeables, in order."""
    first_id, first = ctx.awakeable()
    second_id, second = ctx.awakeable()
    await ctx.run_typed("hand out", record, path=effects, word="ids", value=f"{first_id} {second_id}")
    return [await first, await second]


@awaiting.handler()
async def whichever(ctx: restate.Context, effects: str) -> list[Any]:
    """Wait for the first of two awakeables to complete."""
    first_id, first = ctx.awakeable()
    second_id, second = ctx.awakeable()
    await ctx.run_typed("hand out", record, path=effects, word="ids", value=f"{first_id} {second_id}")
    match await restate.select(first=first, second=second):
        case [name, answer]:
            return [name, answer]
    raise AssertionError("select answered neither")


@awaiting.handler()
async def late(ctx: restate.Context, effects: str) -> Any:
    """Create a second awakeable only after the first is completed."""
    first_id, first = ctx.awakeable()
    await ctx.run_typed("hand out first", record, path=effects, word="first", value=first_id)
    await first
    second_id, second = ctx.awakeable()
    await ctx.run_typed("hand out second", record, path=effects, word="second", value=second_id)
    return await second


@awaiting.handler()
async def object_like(ctx: restate.Context, effects: str) -> Any:
    """Use the awakeable as one object that has an id and can be awaited."""
    awakeable = ctx.awakeable(type_hint=str)
    await ctx.run_typed("hand out", record, path=effects, word="id", value=awakeable.id)
    return await awakeable


@resolving.handler()
async def resolve(ctx: restate.Context, request: dict[str, Any]) -> None:
    ctx.resolve_awakeable(request["id"], request["value"])


@resolving.handler()
async def reject(ctx: restate.Context, request: dict[str, Any]) -> None:
    ctx.reject_awakeable(request["id"], request["reason"], request["code"])


@resolving.handler()
async def resolve_malformed(ctx: restate.Context, id_: str) -> str:
    """Return the error that the call raises for a malformed id."""
    try:
        ctx.resolve_awakeable(id_, "never")
    except (TerminalError, ValueError) as error:
        return f"refused: {error}"
    return "accepted"


@keeper.handler()
async def keep(ctx: restate.ObjectContext, effects: str) -> Any:
    """Wait while holding the key."""
    id_, future = ctx.awakeable()
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    answer = await future
    ctx.set("kept", answer)
    return answer


@keeper.handler()
async def overwrite(ctx: restate.ObjectContext, answer: str) -> str | None:
    """Return the previous value; needs exclusive access to the key."""
    before = await ctx.get("kept", type_hint=str)
    ctx.set("kept", answer)
    return before


@keeper.handler(kind="shared")
async def look(ctx: restate.ObjectSharedContext) -> str | None:
    """Read without exclusive access to the key."""
    return await ctx.get("kept", type_hint=str)
