"""Handlers that stop at a gate. What precedes it is replayed after the process, and perhaps the SDK, has changed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from tests.compat.sdk import named, restate, serde
from tests.e2e.services.outside import record

journey = restate.Service(named("Journey"))
keeper = restate.VirtualObject(named("Keeper"))
lazy_keeper = restate.VirtualObject(named("LazyKeeper"), enable_lazy_state=True)
saga = restate.Workflow(named("Saga"))

BRIEFLY = timedelta(milliseconds=1)


class Place(BaseModel):
    name: str
    height: float


async def gate(ctx: restate.Context, effects: str) -> Any:
    """Hand out an awakeable and wait for it."""
    id_, future = ctx.awakeable()
    await ctx.run_typed("hand out", record, path=effects, word="gate", value=id_)
    return await future


@journey.handler()
async def chance(ctx: restate.Context, effects: str) -> list[Any]:
    drawn = [ctx.random().random(), str(ctx.uuid()), ctx.random().randint(0, 10**9), str(ctx.uuid())]
    recorded: list[Any] = await ctx.run_typed("drawn", lambda: drawn)
    await gate(ctx, effects)
    return [recorded == drawn, len({str(ctx.uuid()), *map(str, drawn)})]


@journey.handler()
async def clock(ctx: restate.Context, effects: str) -> bool:
    before = await ctx.time()
    recorded: float = await ctx.run_typed("before", lambda: before)
    await gate(ctx, effects)
    return recorded == before and await ctx.time() >= before


@journey.handler()
async def actions(ctx: restate.Context, effects: str) -> list[Any]:
    def place() -> Place:
        record(effects, "done")
        return Place(name="Höhe", height=1)

    async def number() -> int:
        await asyncio.sleep(0)
        return 2

    def nothing() -> Any:
        return None

    def refuse() -> None:
        raise restate.TerminalError("no", 418)

    async def failure() -> list[Any]:
        try:
            await ctx.run_typed("refuse", refuse)
        except restate.TerminalError as error:
            return [error.message, error.status_code]
        return []

    before = [
        (await ctx.run_typed("place", place)).name,
        await ctx.run_typed("number", number),
        await ctx.run_typed("nothing", nothing),
        (await ctx.run_typed("raw", lambda: b"\xff", restate.RunOptions(serde=serde.BytesSerde()))).hex(),
        await failure(),
    ]
    await gate(ctx, effects)
    return [*before, await ctx.run_typed("after", lambda: "after")]


@journey.handler()
async def asleep(ctx: restate.Context, effects: str) -> str:
    await ctx.sleep(BRIEFLY, name="short")
    await ctx.run_typed("hand out", record, path=effects, word="gate", value="none")
    await ctx.sleep(timedelta(seconds=2), name="long")
    return "awake"


@journey.handler()
async def answered(ctx: restate.Context, effects: str) -> str:
    id_, future = ctx.awakeable(type_hint=Place)
    await ctx.run_typed("hand out", record, path=effects, word="gate", value=id_)
    return (await future).name


@journey.handler()
async def caller(ctx: restate.Context, effects: str) -> list[Any]:
    name, place = await callee_before(ctx)
    call = ctx.service_call(slow, effects, headers={"x-one": "1"}, idempotency_key=effects)
    known = await call.invocation_id()
    return [name, place, await call, known.startswith("inv_1")]


async def callee_before(ctx: restate.Context) -> tuple[str, Any]:
    name = await ctx.service_call(echo, {"a": [1, 2.5], "ü": None})
    place = await ctx.generic_call(named("Journey"), "echo", b'{"b":1}')
    return str(name), place.hex()


@journey.handler()
async def echo(ctx: restate.Context, value: Any) -> Any:
    return value


@journey.handler()
async def slow(ctx: restate.Context, effects: str) -> Any:
    return await gate(ctx, effects)


@journey.handler()
async def at_call_time(ctx: restate.Context, effects: str) -> list[Any]:
    """Issue commands in one order and await them in another: the journal has them in the first."""
    nap: Any = ctx.sleep(BRIEFLY, name="nap")
    run = ctx.run_typed("run", lambda: "ran")
    call = ctx.service_call(echo, "called")
    sent = ctx.service_send(echo, "sent", send_delay=BRIEFLY)
    results = [await call, await run, await nap, (await sent.invocation_id())[:5]]
    return [*results, await gate(ctx, effects)]


@journey.handler()
async def combined(ctx: restate.Context, effects: str) -> list[Any]:
    _, never = ctx.awakeable()
    first = await restate.select(never=never, nap=ctx.sleep(BRIEFLY))
    both = [ctx.run_typed("one", lambda: 1), ctx.run_typed("two", lambda: 2)]
    await restate.gather(*both)
    return [first[0], [await future for future in both], await gate(ctx, effects)]


@journey.handler()
async def signalled(ctx: restate.Context, effects: str) -> Any:
    await ctx.run_typed("tell", record, path=effects, word="gate", value=ctx.request().id)
    return await ctx.signal("go")


@journey.handler()
async def signal(ctx: restate.Context, invocation_id: str) -> None:
    ctx.resolve_signal(invocation_id, "go", {"went": True})


@journey.handler()
async def own_awakeable(ctx: restate.Context, effects: str) -> list[Any]:
    """Complete an awakeable of its own."""
    id_, future = ctx.awakeable(type_hint=Place)
    rejected_id, rejected = ctx.awakeable()
    ctx.resolve_awakeable(id_, Place(name="own", height=2))
    ctx.reject_awakeable(rejected_id, "refused", 432)
    try:
        await rejected
    except restate.TerminalError as error:
        return [(await future).name, error.status_code, await gate(ctx, effects)]
    return []


async def keep(ctx: restate.ObjectContext, effects: str) -> list[Any]:
    ctx.set("plain", {"a": [1, 2.5], "ü": None})
    ctx.set("place", Place(name="kept", height=3))
    keys = sorted(await ctx.state_keys())
    ctx.set("gone", 1, entry_name="named")
    ctx.clear("gone")
    before = [
        await ctx.get("plain"),
        (await ctx.get("place", type_hint=Place) or Place(name="", height=0)).name,
        await ctx.get("gone"),
        await ctx.get("never"),
    ]
    passed = await gate(ctx, effects)
    ctx.set("after", passed)
    return [*before, await ctx.get("after"), keys]


@keeper.handler("keep")
async def keep_eagerly(ctx: restate.ObjectContext, effects: str) -> list[Any]:
    return await keep(ctx, effects)


@lazy_keeper.handler("keep")
async def keep_lazily(ctx: restate.ObjectContext, effects: str) -> list[Any]:
    return await keep(ctx, effects)


@saga.main()
async def run(ctx: restate.WorkflowContext, effects: str) -> list[Any]:
    early = ctx.promise("early", type_hint=Place)
    unseen = await early.peek()
    await early.resolve(Place(name="early", height=4))
    seen = await early
    await ctx.run_typed("hand out", record, path=effects, word="gate", value=ctx.key())
    late = await ctx.promise("late", type_hint=int).value()
    return [unseen, seen.name, late]


@saga.handler()
async def finish(ctx: restate.WorkflowSharedContext, value: int) -> None:
    await ctx.promise("late", type_hint=int).resolve(value)
