"""What the checks of `client.mjs` call."""

from __future__ import annotations

import awaken
from awaken.serde import BytesSerde

talker = awaken.Service("Talker")
counter = awaken.VirtualObject("Counter")
holder = awaken.VirtualObject("Holder")
signup = awaken.Workflow("Signup")


@talker.handler()
async def echo(ctx: awaken.Context, value: object) -> object:
    return value


@talker.handler()
async def nothing(ctx: awaken.Context) -> None:
    return None


@talker.handler(
    input_serde=BytesSerde(), output_serde=BytesSerde(), accept="*/*", content_type="application/x-raw"
)
async def raw(ctx: awaken.Context, value: bytes) -> bytes:
    return bytes(value)[::-1]


@talker.handler()
async def headers(ctx: awaken.Context) -> dict[str, str]:
    return {name: value for name, value in sorted(ctx.request().headers.items()) if name.startswith("x-mine")}


@talker.handler()
async def fail(ctx: awaken.Context, code: int) -> None:
    raise awaken.TerminalError("it has to be", status_code=code, metadata={"why": "a test"})


@talker.handler()
async def wait(ctx: awaken.Context, seconds: float) -> str:
    await ctx.sleep(seconds)
    return "waited"


@counter.handler()
async def add(ctx: awaken.ObjectContext, value: int) -> int:
    total = (await ctx.get("total", type_hint=int) or 0) + value
    ctx.set("total", total)
    return total


@counter.handler(kind="shared")
async def name(ctx: awaken.ObjectSharedContext) -> str:
    return ctx.key()


@holder.handler()
async def hold(ctx: awaken.ObjectContext, type_name: str) -> str:
    awakeable, result = ctx.awakeable(serde=BytesSerde()) if type_name == "bytes" else ctx.awakeable()
    ctx.set("awakeable", awakeable)
    try:
        return f"resolved with {await result!r}"
    except awaken.TerminalError as error:
        return f"rejected with {error.status_code} {error.message}"
    finally:
        ctx.clear("awakeable")


@holder.handler(kind="shared")
async def held(ctx: awaken.ObjectSharedContext) -> str | None:
    return await ctx.get("awakeable", type_hint=str)


@signup.main()
async def run(ctx: awaken.WorkflowContext, person: str) -> str:
    return f"{person}: {await ctx.promise('answer', type_hint=str)}"


@signup.handler()
async def answer(ctx: awaken.WorkflowSharedContext, text: str) -> str:
    await ctx.promise("answer", type_hint=str).resolve(text)
    return ctx.key()


app = awaken.app([talker, counter, holder, signup])
