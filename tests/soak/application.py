"""The handlers of a soak: each leaves traces that can be counted afterwards."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, TypedDict

import awaken as restate
from awaken.context.callback import CallbackLink  # noqa: TC002 -- annotations are read at run time

from tests.doors.application import greeter, keeper, waiting
from tests.e2e.services.outside import record

flows = restate.Service("Flows")
counter = restate.VirtualObject("Counter")


class Order(TypedDict):
    """What a flow is to do."""

    name: str
    key: str
    pause_ms: int
    #: File for the traces of its runs.
    path: str
    #: Whether it waits behind a link, which it writes to the path with its name as suffix.
    is_linked: bool


@flows.handler()
async def run(ctx: restate.Context, order: Order) -> dict[str, Any]:
    """Leave a trace, wait for an answer from outside, count it, sleep, and return it."""
    await ctx.run_typed("trace", record, path=order["path"], word="began", value=order["name"])
    if order["is_linked"]:

        def hand_out(link: CallbackLink) -> None:
            Path(f"{order['path']}.{order['name']}").write_text(link.url)

        answer: Any = await ctx.wait_for_callback(hand_out, str, name=order["name"])
    else:
        answer = await ctx.awakeable().future
    await ctx.object_call(add, key=order["key"], arg=1)
    await ctx.sleep(timedelta(milliseconds=order["pause_ms"]))
    return {"name": order["name"], "answer": answer}


@counter.handler()
async def add(ctx: restate.ObjectContext, number: int) -> int:
    """Count, and return the sum."""
    total = (await ctx.get("total", type_hint=int) or 0) + number
    ctx.set("total", total)
    return total


@counter.handler(kind="shared")
async def total(ctx: restate.ObjectSharedContext) -> int:
    """Return the sum."""
    return await ctx.get("total", type_hint=int) or 0


app = restate.app([greeter, waiting, keeper, flows, counter])
