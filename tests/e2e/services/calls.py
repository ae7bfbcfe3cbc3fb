"""Handlers that call each other, in every way there is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import awaken as restate
from awaken import TerminalError

from tests.e2e.services.outside import record

greeter = restate.Service("Greeter")
tally = restate.VirtualObject("Tally")
calling = restate.Service("Calling")


@greeter.handler()
async def greet(ctx: restate.Context, name: str) -> str:
    return f"Hello {name}!"


@greeter.handler()
async def note(ctx: restate.Context, request: dict[str, Any]) -> str:
    """Append a line to the effects, once."""
    await ctx.run_typed("note", record, path=request["effects"], word="note", value=request["text"])
    return str(request["text"])


@greeter.handler()
async def envelope(ctx: restate.Context) -> dict[str, Any]:
    """Return what the request contained."""
    request = ctx.request()
    return {"id": request.id, "headers": dict(request.headers), "body": request.body.decode()}


@greeter.handler()
async def refuse(ctx: restate.Context, reason: str) -> None:
    raise TerminalError(reason, 422, {"who": "Greeter"})


@tally.handler()
async def add(ctx: restate.ObjectContext, amount: int) -> int:
    total = (await ctx.get("total", type_hint=int) or 0) + amount
    ctx.set("total", total)
    return total


@tally.handler(kind="shared")
async def total(ctx: restate.ObjectSharedContext) -> int:
    return await ctx.get("total", type_hint=int) or 0


@calling.handler()
async def chain(ctx: restate.Context, key: str) -> list[Any]:
    """Call a service and an object, typed and generic."""
    return [
        await ctx.service_call(greet, arg="service"),
        await ctx.object_call(add, key=key, arg=2),
        await ctx.object_call(total, key=key, arg=None),
        (await ctx.generic_call("Greeter", "greet", b'"generic"')).decode(),
        (await ctx.generic_call("Tally", "add", b"3", key=key)).decode(),
    ]


@calling.handler()
async def send_notes(ctx: restate.Context, effects: str) -> list[str]:
    """Send without waiting: at once, later, and through an object; return the ids."""
    at_once = ctx.service_send(note, arg={"effects": effects, "text": "at once"})
    later = ctx.service_send(
        note, arg={"effects": effects, "text": "later"}, send_delay=timedelta(milliseconds=300)
    )
    generic = ctx.generic_send("Greeter", "note", f'{{"effects": "{effects}", "text": "generic"}}'.encode())
    return [await handle.invocation_id() for handle in (at_once, later, generic)]


@calling.handler()
async def send_adds(ctx: restate.Context, request: dict[str, Any]) -> None:
    """Send several requests to one object, in order."""
    for amount in request["amounts"]:
        ctx.object_send(add, key=request["key"], arg=amount)


@calling.handler()
async def idempotent(ctx: restate.Context, request: dict[str, Any]) -> list[str]:
    """Call twice with one idempotency key: there is one execution and one result."""
    first = ctx.service_call(
        note, arg={"effects": request["effects"], "text": "first"}, idempotency_key=request["key"]
    )
    second = ctx.service_call(
        note, arg={"effects": request["effects"], "text": "second"}, idempotency_key=request["key"]
    )
    return [await first, await second]


@calling.handler()
async def with_headers(ctx: restate.Context, headers: dict[str, str]) -> dict[str, Any]:
    answer: dict[str, Any] = await ctx.service_call(envelope, arg=None, headers=headers)
    return answer


@calling.handler()
async def refused(ctx: restate.Context, reason: str) -> dict[str, Any]:
    """Catch the failure of a callee and return all of its fields."""
    try:
        await ctx.service_call(refuse, arg=reason)
    except TerminalError as error:
        return {"message": error.message, "code": error.status_code, "metadata": error.metadata}
    raise AssertionError("the callee did not refuse")


@calling.handler()
async def attach(ctx: restate.Context, invocation_id: str) -> str:
    return await ctx.attach_invocation(invocation_id, type_hint=str)
