"""Handlers whose invocations can be brought into every state; `awaken serve` serves them to both runtimes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from awaken import (
    Context,
    InvocationRetryPolicy,
    ObjectContext,
    ObjectSharedContext,
    Service,
    VirtualObject,
    Workflow,
    WorkflowContext,
    WorkflowSharedContext,
)
from awaken import (
    app as make_app,
)

#: A failed attempt is repeated long after the test, and one that waits suspends soon.
PATIENT = InvocationRetryPolicy(initial_interval=timedelta(hours=1), max_interval=timedelta(hours=1))
SOON = timedelta(milliseconds=300)

plain = Service("AdminPlain", invocation_retry_policy=PATIENT, inactivity_timeout=SOON)
keyed = VirtualObject("AdminKeyed", invocation_retry_policy=PATIENT, inactivity_timeout=SOON)
flows = {
    name: Workflow(f"AdminFlow{name}", invocation_retry_policy=PATIENT, inactivity_timeout=SOON)
    for name in ("Echo", "Wait", "Busy", "Fail")
}


async def _wait(ctx: Context | ObjectContext | ObjectSharedContext | WorkflowContext) -> str:
    _, value = ctx.awakeable(type_hint=str)
    return await value


async def _fail(ctx: Context | ObjectContext | WorkflowContext) -> str:
    await ctx.run_typed("something", int)
    raise ValueError("as asked")


async def _busy() -> str:
    await asyncio.sleep(60)
    return "worked"


@plain.handler("echo")
async def plain_echo(ctx: Context, value: str) -> str:
    return value


@plain.handler("wait")
async def plain_wait(ctx: Context) -> str:
    return await _wait(ctx)


@plain.handler("busy")
async def plain_busy(ctx: Context) -> str:
    return await _busy()


@plain.handler("fail")
async def plain_fail(ctx: Context) -> str:
    return await _fail(ctx)


@plain.handler()
async def steps(ctx: Context) -> int:
    """Do one thing of each kind."""
    first = await ctx.run_typed("first", int)
    await ctx.sleep(timedelta(milliseconds=1))
    await ctx.service_call(plain_echo, arg="called")
    ctx.service_send(plain_echo, arg="sent")
    return first + await ctx.run_typed("second", int)


@keyed.handler("echo")
async def keyed_echo(ctx: ObjectContext, value: str) -> str:
    return value


@keyed.handler("wait")
async def keyed_wait(ctx: ObjectContext) -> str:
    return await _wait(ctx)


@keyed.handler("busy")
async def keyed_busy(ctx: ObjectContext) -> str:
    return await _busy()


@keyed.handler("fail")
async def keyed_fail(ctx: ObjectContext) -> str:
    return await _fail(ctx)


@keyed.handler()
async def store(ctx: ObjectContext, values: dict[str, str]) -> None:
    """Set values of the state."""
    for name, value in values.items():
        ctx.set(name, value)


@keyed.handler(kind="shared")
async def look(ctx: ObjectSharedContext) -> dict[str, str]:
    """Return the whole state."""
    return {name: await ctx.get(name, type_hint=str) or "" for name in await ctx.state_keys()}


@flows["Echo"].main("run")
async def flow_echo(ctx: WorkflowContext, value: str) -> str:
    return value


@flows["Wait"].main("run")
async def flow_wait(ctx: WorkflowContext) -> str:
    return await _wait(ctx)


@flows["Wait"].handler()
async def ask(ctx: WorkflowSharedContext) -> str:
    return "here"


@flows["Busy"].main("run")
async def flow_busy(ctx: WorkflowContext) -> str:
    return await _busy()


@flows["Fail"].main("run")
async def flow_fail(ctx: WorkflowContext) -> str:
    return await _fail(ctx)


app = make_app([plain, keyed, *flows.values()])
