"""Handlers that call others: by function, by name, now, later, once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from tests.compat.sdk import named, restate
from tests.e2e.services.outside import record

greeter = restate.Service(named("Greeter"))
counter = restate.VirtualObject(named("Counter"))
calling = restate.Service(named("Calling"))


@greeter.handler()
async def greet(ctx: restate.Context, name: str) -> str:
    return f"Hello {name}!"


@greeter.handler("renamed")
async def original_name(ctx: restate.Context, name: str) -> str:
    return name[::-1]


@greeter.handler()
async def note(ctx: restate.Context, request: dict[str, str]) -> str:
    await ctx.run_typed("note", record, path=request["effects"], word="note", value=request["text"])
    return request["text"]


@greeter.handler()
async def about(ctx: restate.Context) -> dict[str, Any]:
    request = ctx.request()
    return {"id": request.id, "x-mine": request.headers.get("x-mine"), "body": request.body.decode()}


@greeter.handler()
async def nothing(ctx: restate.Context) -> None:
    return None


@counter.handler()
async def add(ctx: restate.ObjectContext, amount: int) -> int:
    total = (await ctx.get("total", type_hint=int) or 0) + amount
    ctx.set("total", total)
    ctx.set("history", [*(await ctx.get("history", type_hint=list[int]) or []), amount])
    return total


@counter.handler(kind="shared")
async def total(ctx: restate.ObjectSharedContext) -> int:
    return await ctx.get("total", type_hint=int) or 0


@counter.handler(kind="shared")
async def history(ctx: restate.ObjectSharedContext) -> list[int]:
    return await ctx.get("history", type_hint=list[int]) or []


@counter.handler(kind="shared")
async def own_key(ctx: restate.ObjectSharedContext) -> str:
    return ctx.key()


@calling.handler()
async def by_function(ctx: restate.Context, key: str) -> list[Any]:
    return [
        await ctx.service_call(greet, arg="service"),
        await ctx.service_call(original_name, "abc"),
        await ctx.service_call(nothing, arg=None),
        await ctx.object_call(add, key=key, arg=2),
        await ctx.object_call(add, key, 3),
        await ctx.object_call(total, key=key, arg=None),
        await ctx.object_call(own_key, key=key, arg=None),
    ]


@calling.handler()
async def by_name(ctx: restate.Context, key: str) -> list[str]:
    greeting = await ctx.generic_call(named("Greeter"), "greet", json.dumps("name").encode())
    sum_ = await ctx.generic_call(named("Counter"), "add", arg=b"4", key=key)
    return [greeting.decode(), sum_.decode()]


@calling.handler()
async def sending(ctx: restate.Context, effects: str) -> list[str]:
    at_once = ctx.service_send(note, arg={"effects": effects, "text": "at once"})
    later = ctx.service_send(
        note, {"effects": effects, "text": "later"}, send_delay=timedelta(milliseconds=300)
    )
    by_name = ctx.generic_send(
        named("Greeter"), "note", json.dumps({"effects": effects, "text": "by name"}).encode()
    )
    return [await handle.invocation_id() for handle in (at_once, later, by_name)]


@calling.handler()
async def object_sends(ctx: restate.Context, key: str) -> None:
    for amount in (1, 2, 3):
        ctx.object_send(add, key=key, arg=amount)


@calling.handler()
async def once(ctx: restate.Context, effects: str) -> list[str]:
    first = ctx.service_call(note, {"effects": effects, "text": "first"}, idempotency_key=effects)
    second = ctx.service_call(note, {"effects": effects, "text": "second"}, idempotency_key=effects)
    return [await first, await second]


@calling.handler()
async def with_headers(ctx: restate.Context) -> dict[str, Any]:
    answer: dict[str, Any] = await ctx.service_call(about, arg=None, headers={"x-mine": "yes"})
    return answer


@calling.handler()
async def callee_ids(ctx: restate.Context) -> list[bool]:
    call = ctx.service_call(greet, "id")
    send = ctx.service_send(greet, "id")
    call_id, send_id = await call.invocation_id(), await send.invocation_id()
    attached = await ctx.attach_invocation(call_id, type_hint=str)
    return [call_id.startswith("inv_1"), send_id.startswith("inv_1"), attached == await call]
