"""Handlers that do a little of everything that is counted."""

from __future__ import annotations

from datetime import timedelta

import awaken
from awaken.errors import DeadlineError

desk = awaken.Service("Desk")


@desk.handler()
async def greet(ctx: awaken.Context, name: str) -> str:
    return await ctx.run_typed("fetch", lambda: f"Hello {name}")


@desk.handler()
async def ask(ctx: awaken.Context) -> str:
    return await ctx.awakeable(type_hint=str)[1]


@desk.handler()
async def approve(ctx: awaken.Context, name: str) -> str:
    return await ctx.callback(str, name=name)


@desk.handler()
async def expect(ctx: awaken.Context) -> str:
    try:
        return await ctx.callback(str, name="the desk", expires_in=timedelta(seconds=1))
    except DeadlineError:
        raise ValueError("nobody can be asked") from None


@desk.handler()
async def stumble(ctx: awaken.Context) -> None:
    raise ValueError("again")


app = awaken.app([desk])
