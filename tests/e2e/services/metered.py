"""One handler for each way in which attempts and runs end."""

from __future__ import annotations

import asyncio
from typing import Any

import awaken

from tests.e2e.services.outside import count, record

metered = awaken.Service("Metered")

_tossed: set[str] = set()


@metered.handler()
async def greet(ctx: awaken.Context, name: str) -> str:
    return f"hello {name}"


@metered.handler()
async def refuse(ctx: awaken.Context) -> None:
    raise awaken.TerminalError("out of stock", status_code=418)


@metered.handler()
async def stumble(ctx: awaken.Context, coin: str) -> str:
    return await ctx.run_typed("toss", _toss, coin=coin)


def _toss(coin: str) -> str:
    if coin not in _tossed:
        _tossed.add(coin)
        raise ValueError("tails")
    return "heads"


@metered.handler()
async def wait(ctx: awaken.Context, path: str) -> Any:
    awakeable_id, result = ctx.awakeable()
    record(path, "id", awakeable_id)
    return await result


@metered.handler()
async def work(ctx: awaken.Context, path: str) -> None:
    """Run until the file has a line `enough`."""
    record(path, "began")

    async def until_enough() -> None:
        while not count(path, "enough"):
            await asyncio.sleep(0.02)

    await ctx.run_typed("work", until_enough)


@metered.handler()
async def charge(ctx: awaken.Context, names: list[str]) -> None:
    for name in names:
        await ctx.run_typed(name, _nothing)


def _nothing() -> None:
    return None


app = awaken.app([metered])
