"""Handlers with bugs, for the tests of what the kit does about them."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta

import awaken
from awaken.errors import UsageError

desk = awaken.Service("Desk")
cart = awaken.VirtualObject("Cart")
order = awaken.Workflow("Order")

#: Exceptions that the handlers raise; a test puts its own here.
ERRORS: list[BaseException] = []
#: Calls of handlers that count them.
CALLS: list[str] = []


class UnprintableError(Exception):
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


@desk.handler()
async def broken(ctx: awaken.Context) -> str:
    CALLS.append("broken")
    raise ERRORS[0]


@desk.handler()
async def broken_run(ctx: awaken.Context) -> str:
    def charge() -> str:
        raise ERRORS[0]

    return await ctx.run_typed("charge", charge)


@desk.handler()
async def broken_slowly(ctx: awaken.Context) -> None:
    def charge() -> None:
        LATER.wait(10)
        raise ERRORS[0]

    await ctx.run_typed("charge", charge)


#: Set when slow runs may end.
LATER = threading.Event()


@desk.handler()
async def broken_in_a_group(ctx: awaken.Context) -> None:
    async def part(error: BaseException) -> None:
        await ctx.sleep(timedelta(seconds=0))
        raise error

    async with asyncio.TaskGroup() as group:
        for error in ERRORS:
            group.create_task(part(error))


@desk.handler()
async def calls_broken(ctx: awaken.Context) -> str:
    return await ctx.service_call(broken, arg=None)


@desk.handler()
async def calls_a_caller(ctx: awaken.Context) -> str:
    return await ctx.service_call(calls_broken, arg=None)


@desk.handler()
async def sends_broken(ctx: awaken.Context) -> str:
    ctx.service_send(broken, arg=None)
    return "sent"


@desk.handler()
async def waits(ctx: awaken.Context) -> str:
    return await ctx.awakeable(type_hint=str, name="word")


@desk.handler()
async def naps(ctx: awaken.Context) -> str:
    await ctx.sleep(timedelta(days=30))
    return "awake"


@desk.handler()
async def forgets(ctx: awaken.Context) -> str:
    ctx.run_typed("mail", lambda: None)
    return "done"


@desk.handler()
async def forgets_to_wait(ctx: awaken.Context) -> str:
    ctx.approve("Pay?")  # type: ignore[unused-coroutine]
    return "paid"


@desk.handler()
async def depends_on_the_clock(ctx: awaken.Context) -> str:
    await ctx.run_typed(f"at {time.monotonic_ns()}", lambda: None)
    return await ctx.awakeable(type_hint=str, name="word")


@desk.handler()
async def asks_for_retries(ctx: awaken.Context) -> str:
    CALLS.append("asks")
    if len(CALLS) < 3:
        raise awaken.RetryableError("busy", retry_after=timedelta(seconds=10))
    return "served"


@desk.handler()
async def has_a_policy(ctx: awaken.Context) -> str:
    def charge() -> str:
        CALLS.append("charge")
        if len(CALLS) < 3:
            raise ConnectionError("busy")
        return "charged"

    options = awaken.RunOptions[str](max_attempts=3, initial_retry_interval=timedelta(seconds=10))
    return await ctx.run_typed("charge", charge, options)


@desk.handler()
async def sleeps_wrongly(ctx: awaken.Context) -> None:
    raise UsageError("cannot sleep like this")


@desk.handler()
async def sleeps_in_a_run(ctx: awaken.Context) -> None:
    async def nap() -> None:
        await ctx.sleep(timedelta(seconds=1))

    await ctx.run_typed("nap", nap)


@cart.handler()
async def add(ctx: awaken.ObjectContext, amount: int) -> int:
    if amount < 0:
        raise ValueError(f"negative: {amount}")
    return amount


@order.main()
async def run(ctx: awaken.WorkflowContext) -> str:
    return await ctx.promise("paid", type_hint=str).value()


@order.handler()
async def pay(ctx: awaken.WorkflowSharedContext) -> None:
    raise ERRORS[0]


app = awaken.app([desk, cart, order])
