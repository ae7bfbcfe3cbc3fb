"""An application for the tests of the test kit, with handlers that are right and one that is not."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import awaken

if TYPE_CHECKING:
    from collections.abc import Callable

desk = awaken.Service("Desk")
tally = awaken.VirtualObject("Tally")

#: What stands for the outside world; a test puts its recorder here.
OUTSIDE: list[Callable[[str], None]] = []


def act(label: str) -> str:
    for record in OUTSIDE:
        record(label)
    return label


@desk.handler()
async def sign(ctx: awaken.Context, paper: str) -> str:
    await ctx.run_typed("ask", act, label="ask")
    answer = await ctx.awakeable(type_hint=str, name="signature")
    await ctx.sleep(timedelta(days=10))
    total = await ctx.object_call(add, key=paper, arg=2)
    return f"{paper}: {answer}, {total}"


@desk.handler()
async def careless(ctx: awaken.Context) -> str:
    act("mail")
    return await ctx.run_typed("work", act, label="work")


@desk.handler()
async def two(ctx: awaken.Context) -> list[str]:
    first = ctx.awakeable(type_hint=str, name="first")
    second = ctx.awakeable(type_hint=str, name="second")
    return [await first, await second]


@desk.handler()
async def naps(ctx: awaken.Context, count: int) -> int:
    for _ in range(count):
        await ctx.sleep(timedelta(days=1))
    return count


@desk.handler()
async def flaky(ctx: awaken.Context) -> str:
    act("try")
    if len(TRIES) < 2:
        TRIES.append(1)
        raise ValueError("not yet")
    return "at last"


TRIES: list[int] = []


@desk.handler()
async def stuck(ctx: awaken.Context) -> None:
    await asyncio.Event().wait()


@tally.handler()
async def add(ctx: awaken.ObjectContext, amount: int) -> int:
    total = (await ctx.get("total", type_hint=int) or 0) + amount
    ctx.set("total", total)
    return total


app = awaken.app([desk, tally])
