"""The application that both runtimes invoke."""

from __future__ import annotations

import awaken

bench = awaken.Service("Bench")


@bench.handler()
async def greet(ctx: awaken.Context, name: str) -> str:
    return f"Hello {name}!"


@bench.handler()
async def wait(ctx: awaken.Context, name: str) -> str:
    return f"{name}: {await ctx.awakeable(type_hint=str)}"


app = awaken.app([bench])
