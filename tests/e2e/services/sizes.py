"""Values of any size, in every place where values occur. The result is a length, or the value itself."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import awaken as restate

from tests.e2e.services.outside import record

sizes = restate.Service("Sizes")
hoard = restate.VirtualObject("Hoard")
vow = restate.Workflow("Vow")


def make_text(size: int) -> str:
    """Return a text whose JSON has this many bytes."""
    return "x" * (size - 2)


def make_letters(index: int, size: int) -> str:
    """Return a text with this many letters, different for each index."""
    return "abcdefghij"[index % 10] * size


@sizes.handler()
async def take(ctx: restate.Context, text: str) -> int:
    return len(text)


@sizes.handler()
async def make(ctx: restate.Context, size: int) -> str:
    return make_text(size)


@sizes.handler()
async def echo(ctx: restate.Context, text: str) -> str:
    return text


@sizes.handler()
async def run(ctx: restate.Context, size: int) -> list[int]:
    """Execute two actions, and wait between them, so that a suspended attempt replays the first one."""
    first = await ctx.run_typed("first", make_text, size=size)
    await ctx.sleep(timedelta(milliseconds=20))
    second = await ctx.run_typed("second", make_text, size=1000)
    return [len(first), len(second)]


@sizes.handler()
async def pile(ctx: restate.Context, request: dict[str, Any]) -> str:
    """Execute this many actions of each size, suspend, and return a digest of all recorded results."""
    digest = hashlib.sha256(request["text"].encode())
    for index, (number, size) in enumerate(request["results"]):
        for _ in range(number):
            digest.update((await ctx.run_typed("one", make_letters, index=index, size=size)).encode())
    await ctx.sleep(timedelta(milliseconds=1))
    return digest.hexdigest()


@sizes.handler()
async def call(ctx: restate.Context, size: int) -> list[int]:
    """Call with a large argument, and for a large result."""
    given = await ctx.service_call(take, make_text(size))
    taken = await ctx.service_call(make, size)
    return [given, len(taken)]


@sizes.handler()
async def tell(ctx: restate.Context, request: dict[str, str]) -> None:
    """Append the length to the effects."""
    record(request["effects"], "length", len(request["text"]))


@sizes.handler()
async def send(ctx: restate.Context, request: dict[str, Any]) -> None:
    ctx.service_send(tell, {"effects": request["effects"], "text": make_text(request["size"])})


@sizes.handler()
async def attach(ctx: restate.Context, invocation_id: str) -> int:
    return len(await ctx.attach_invocation(invocation_id, type_hint=str))


@sizes.handler()
async def wait(ctx: restate.Context, effects: str) -> int:
    """Wait for an awakeable."""
    awakeable = ctx.awakeable(type_hint=str)
    await ctx.run_typed("hand out", record, path=effects, word="id", value=awakeable.id)
    return len(await awakeable)


@sizes.handler()
async def resolve(ctx: restate.Context, request: dict[str, Any]) -> None:
    """Complete another handler's awakeable."""
    ctx.resolve_awakeable(request["id"], make_text(request["size"]))


@sizes.handler()
async def wait_for_signal(ctx: restate.Context, effects: str) -> int:
    await ctx.run_typed("tell", record, path=effects, word="id", value=ctx.request().id)
    return len(await ctx.signal("parcel", type_hint=str))


@sizes.handler()
async def send_signal(ctx: restate.Context, request: dict[str, Any]) -> None:
    ctx.resolve_signal(request["id"], "parcel", make_text(request["size"]))


@hoard.handler()
async def put(ctx: restate.ObjectContext, size: int) -> int:
    """Set a value and read it back, here and in the attempt that follows the wait."""
    ctx.set("hoard", make_text(size))
    await ctx.sleep(timedelta(milliseconds=20))
    return len(await ctx.get("hoard", type_hint=str) or "")


@hoard.handler(kind="shared")
async def size(ctx: restate.ObjectSharedContext) -> int:
    return len(await ctx.get("hoard", type_hint=str) or "")


@hoard.handler(kind="shared", enable_lazy_state=True)
async def size_when_asked(ctx: restate.ObjectSharedContext) -> int:
    return len(await ctx.get("hoard", type_hint=str) or "")


@vow.main()
async def keep(ctx: restate.WorkflowContext) -> int:
    return len(await ctx.promise("word", type_hint=str).value())


@vow.handler()
async def give(ctx: restate.WorkflowSharedContext, size: int) -> int:
    """Complete the promise, and read it back."""
    await ctx.promise("word", type_hint=str).resolve(make_text(size))
    return len(await ctx.promise("word", type_hint=str).peek() or "")
