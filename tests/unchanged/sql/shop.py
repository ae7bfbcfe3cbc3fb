"""Handlers that leave some of everything in the tables of a runtime."""

from __future__ import annotations

from datetime import timedelta

import awaken as restate

TILL = restate.VirtualObject("Till")
TALLY = restate.Service("Tally")
DEAL = restate.Workflow("Deal")
SHAKY = restate.Service("Shaky")

LONG = timedelta(hours=1)
SOON = timedelta(milliseconds=10)


@TILL.handler()
async def add(ctx: restate.ObjectContext, amount: int) -> int:
    """Change state, and call another service."""
    total = (await ctx.get("total", type_hint=int) or 0) + amount
    ctx.set("total", total)
    ctx.set("note", "añadido")
    return await ctx.service_call(double, total)


@TILL.handler()
async def hold(ctx: restate.ObjectContext) -> str:
    """Wait with the key held."""
    _, future = ctx.awakeable(type_hint=str)
    return await future


@TILL.handler(kind="shared")
async def peek(ctx: restate.ObjectSharedContext) -> int:
    """Read state beside others."""
    return await ctx.get("total", type_hint=int) or 0


@TALLY.handler()
async def double(ctx: restate.Context, amount: int) -> int:
    """Do one run."""
    return await ctx.run_typed("double", lambda: amount * 2)


@TALLY.handler()
async def nap(ctx: restate.Context, seconds: float) -> str:
    """Sleep."""
    await ctx.sleep(timedelta(seconds=seconds))
    return "awake"


@TALLY.handler()
async def refuse(ctx: restate.Context) -> str:
    """End with a terminal error."""
    raise restate.TerminalError("no tea today", status_code=418)


@TALLY.handler()
async def order(ctx: restate.Context, name: str) -> str:
    """Send to another handler, and end."""
    ctx.service_send(nap, 3600.0, send_delay=LONG)
    ctx.object_send(add, name, 1)
    return f"ordered {name}"


@DEAL.main()
async def run(ctx: restate.WorkflowContext, offer: str) -> str:
    """Wait for a promise."""
    ctx.set("offer", offer)
    return await ctx.promise("signed", type_hint=str).value()


@DEAL.handler()
async def sign(ctx: restate.WorkflowSharedContext, name: str) -> str:
    """Resolve one promise, reject another, and look at a third."""
    await ctx.promise("signed", type_hint=str).resolve(name)
    await ctx.promise("cancelled", type_hint=str).reject("too late", 410)
    await ctx.promise("read").peek()
    return name


@SHAKY.handler(
    invocation_retry_policy=restate.InvocationRetryPolicy(
        initial_interval=SOON,
        max_interval=SOON,
        exponentiation_factor=1,
        max_attempts=3,
        on_max_attempts="pause",
    )
)
async def pauses(ctx: restate.Context) -> None:
    """Fail the same way until it is paused."""
    await ctx.run_typed("first", lambda: 1)
    raise ValueError("always the same")


@SHAKY.handler(
    invocation_retry_policy=restate.InvocationRetryPolicy(
        initial_interval=SOON,
        max_interval=SOON,
        exponentiation_factor=1,
        max_attempts=3,
        on_max_attempts="kill",
    )
)
async def dies(ctx: restate.Context) -> None:
    """Fail the same way until it is killed."""
    raise ValueError("until the end")


@SHAKY.handler(
    invocation_retry_policy=restate.InvocationRetryPolicy(initial_interval=LONG, max_interval=LONG)
)
async def backs_off(ctx: restate.Context) -> None:
    """Fail once, and wait for an hour."""
    raise RuntimeError("try me later")


app = restate.app([TILL, TALLY, DEAL, SHAKY])
