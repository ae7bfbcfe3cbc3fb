"""Handlers written with the official SDK, for runtimes to call."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import restate

plain = restate.Service("OfficialPlain")
counter = restate.VirtualObject("OfficialCounter")


@plain.handler()
async def greet(ctx: restate.Context, name: str) -> str:
    await ctx.sleep(timedelta(milliseconds=20))
    punctuation = await ctx.run_typed("punctuate", lambda: "!")
    return f"Hello {name}{punctuation}"


@plain.handler()
async def relay(ctx: restate.Context, name: str) -> str:
    return await ctx.service_call(greet, arg=name)


@plain.handler()
async def wait(ctx: restate.Context, path: str) -> str:
    awakeable_id, answer = ctx.awakeable(type_hint=str)

    def tell() -> None:
        Path(path).write_text(awakeable_id)

    await ctx.run_typed("tell", tell)
    return await answer


@plain.handler()
async def refuse(ctx: restate.Context) -> None:
    raise restate.TerminalError("teapot", status_code=418)


@counter.handler()
async def add(ctx: restate.ObjectContext, amount: int) -> int:
    total = (await ctx.get("total", type_hint=int) or 0) + amount
    ctx.set("total", total)
    return total


app = restate.app([plain, counter])
