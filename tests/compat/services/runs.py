"""Side effects, time and random numbers."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from tests.compat.sdk import exceptions, named, restate, serde
from tests.e2e.services.outside import count, record

runs = restate.Service(named("Runs"))

tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant", default="nobody")

BRIEFLY = timedelta(milliseconds=10)
#: Executions after which a handler that replays stops failing.
REPLAYS = 3


class Point(BaseModel):
    x: int
    y: int


def plus(left: int, right: int = 0) -> int:
    return left + right


async def plus_later(left: int, right: int = 0) -> int:
    await asyncio.sleep(0)
    return left + right


@runs.handler()
async def arithmetic(ctx: restate.Context) -> list[Any]:
    return [
        await ctx.run_typed("sync", plus, restate.RunOptions(), 1, 2),
        await ctx.run_typed("sync named", plus, left=3, right=4),
        await ctx.run_typed("async", plus_later, restate.RunOptions(), 5, 6),
        await ctx.run_typed("async named", plus_later, left=7, right=8),
        await ctx.run_typed("closure", lambda: plus(9)),
        await ctx.run_typed("nothing", lambda: None),
    ]


@runs.handler()
async def models(ctx: restate.Context) -> list[Any]:
    def point() -> Point:
        return Point(x=1, y=2)

    annotated = await ctx.run_typed("annotated", point)
    hinted = await ctx.run_typed("hinted", lambda: Point(x=3, y=4), restate.RunOptions(type_hint=Point))
    raw = await ctx.run_typed("raw", lambda: b"\x00\xff", restate.RunOptions(serde=serde.BytesSerde()))
    return [type(annotated).__name__, annotated.x, type(hinted).__name__, hinted.y, list(raw)]


@runs.handler()
async def failing(ctx: restate.Context, request: dict[str, Any]) -> dict[str, Any]:
    effects = request["effects"]

    def attempt() -> str:
        record(effects, "attempt")
        if count(effects, "attempt") <= request["failures"]:
            raise ValueError("not yet")
        return "done"

    options: restate.RunOptions[str] = restate.RunOptions(
        max_attempts=request["max_attempts"], initial_retry_interval=BRIEFLY, retry_interval_factor=1.0
    )
    try:
        return {"value": await ctx.run_typed("attempt", attempt, options)}
    except restate.TerminalError as error:
        return {"message": error.message, "code": error.status_code}


@runs.handler()
async def refused(ctx: restate.Context, effects: str) -> dict[str, Any]:
    def refuse() -> str:
        record(effects, "attempt")
        raise restate.TerminalError("out of stock", 418)

    try:
        await ctx.run_typed("refuse", refuse)
    except restate.TerminalError as error:
        return {"message": error.message, "code": error.status_code}
    raise AssertionError("the run did not refuse")


@runs.handler()
async def once(ctx: restate.Context, effects: str) -> str:
    """Replay: a completed run is not executed again, and random numbers and times are the same."""
    await ctx.run_typed("pay", record, path=effects, word="paid")
    drawn = [ctx.random().random(), ctx.random().randint(0, 1_000_000), str(ctx.uuid()), str(ctx.uuid())]
    now = await ctx.time()
    record(effects, "drawn", f"{drawn} {now}")
    if count(effects, "drawn") < REPLAYS:
        raise exceptions.RetryableError("once more", retry_after=BRIEFLY)
    return str(drawn[2])


@runs.handler()
async def nap(ctx: restate.Context, seconds: float) -> bool:
    before = await ctx.time()
    await ctx.sleep(timedelta(seconds=seconds), name="nap")
    return (await ctx.time()) - before >= seconds * 0.9


@runs.handler()
async def never_awaited(ctx: restate.Context, effects: str) -> str:
    """Start a run and end without its result."""
    ctx.run_typed("ignored", record, path=effects, word="ran")
    return "ended"


@runs.handler()
async def surroundings(ctx: restate.Context) -> list[Any]:
    """Return where plain and async actions run, and which context variables they see."""
    tenant.set("Ada")

    def plain() -> list[Any]:
        return [tenant.get(), threading.current_thread() is threading.main_thread()]

    async def awaited() -> list[Any]:
        return [tenant.get(), threading.current_thread() is threading.main_thread()]

    return [await ctx.run_typed("plain", plain), await ctx.run_typed("async", awaited)]


@runs.handler()
async def unpromised(ctx: restate.Context):  # type: ignore[no-untyped-def]  # no annotation is the point
    return {"returned": True}
