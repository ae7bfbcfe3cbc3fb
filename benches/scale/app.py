"""Handlers of which a million wait."""

from __future__ import annotations

from datetime import timedelta

import awaken

crowd = awaken.Service("Crowd")


@crowd.handler()
async def wait(ctx: awaken.Context, name: str) -> str:
    return f"{name}: {await ctx.awakeable(type_hint=str)}"


@crowd.handler()
async def nap(ctx: awaken.Context, name: str) -> str:
    await ctx.sleep(timedelta(days=30))
    return f"{name} slept"


@crowd.handler()
async def greet(ctx: awaken.Context, name: str) -> str:
    return f"Hello {name}!"


app = awaken.app([crowd])
