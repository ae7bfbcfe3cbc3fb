"""Handlers that use the package wrongly: no attempt can succeed, and the runtime would retry forever."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken as restate
from awaken import RunOptions

from tests.e2e.services.calls import greet
from tests.e2e.services.outside import record

if TYPE_CHECKING:
    from collections.abc import Callable

misused = restate.VirtualObject("Misused")


async def charge(amount: int) -> int:
    return amount


def bill() -> Any:
    return {("a", 1): "tuples cannot be keys in JSON"}


@misused.handler()
async def keyed(ctx: restate.ObjectContext, word: str) -> str:
    return word


_USES: dict[str, Callable[[Any], Any]] = {
    "state": lambda ctx: ctx.set("cart", {(1, 2): 3}),
    "argument": lambda ctx: ctx.service_call(greet, object()),
    "options": lambda ctx: ctx.run_typed("charge", charge, 100),
    "coroutine": lambda ctx: ctx.run_typed("charge", charge(100)),
    "action": lambda ctx: ctx.run_typed(charge),
    "sleep": lambda ctx: ctx.sleep("tomorrow"),
    "endless sleep": lambda ctx: ctx.sleep(timedelta.max),
    "endless delay": lambda ctx: ctx.service_send(greet, "x", send_delay=timedelta.max),
    "key": lambda ctx: ctx.object_call(keyed, 5, "x"),
    "target": lambda ctx: ctx.service_call(misused, "x"),
    "unawaited": lambda ctx: ctx.get("cart") + 1,
    "unawaited JSON": lambda ctx: json.dumps(ctx.get("cart")),
}


@misused.handler()
async def use(ctx: restate.ObjectContext, request: dict[str, str]) -> None:
    """Use a part of the package wrongly."""
    record(request["effects"], "attempt")
    _USES[request["what"]](ctx)


@misused.handler()
async def result(ctx: restate.ObjectContext, effects: str) -> Any:
    """Return a value that has no JSON form."""
    record(effects, "attempt")
    return {"share": math.nan}


@misused.handler()
async def run_result(ctx: restate.ObjectContext, effects: str) -> None:
    """Return a value without a JSON form from a run, after its side effect."""

    def act() -> Any:
        record(effects, "attempt")
        return bill()

    await ctx.run_typed("bill", act, RunOptions(max_attempts=5))


@misused.handler()
async def retry(ctx: restate.ObjectContext, effects: str) -> None:
    """Ask for a retry after the end of time."""
    record(effects, "attempt")
    raise restate.RetryableError("later", retry_after=timedelta.max)


@misused.handler()
async def retry_in_years(ctx: restate.ObjectContext, effects: str) -> None:
    """Ask for a retry after more days than the server can count, which would crash its workers."""
    record(effects, "attempt")
    raise restate.RetryableError("later", retry_after=timedelta(days=800))


@misused.handler(kind="shared")
async def seconds(ctx: restate.ObjectSharedContext) -> str:
    """Sleep for a number of seconds."""
    await ctx.sleep(0.05)
    return "slept"
