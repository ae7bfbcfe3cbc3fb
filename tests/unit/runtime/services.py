"""Handlers that the runtime's tests run."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from awaken import (
    Context,
    ObjectContext,
    ObjectSharedContext,
    Service,
    TerminalError,
    VirtualObject,
    Workflow,
    WorkflowContext,
    WorkflowSharedContext,
)

echo = Service("Echo")
counter = VirtualObject("Counter")
approval = Workflow("Approval")

SERVICES = (echo, counter, approval)


@echo.handler("echo")
async def echo_back(ctx: Context, value: str) -> str:
    return value


@echo.handler()
async def runs(ctx: Context, count: int) -> list[int]:
    return [await ctx.run_typed(f"run {index}", partial(int, index)) for index in range(count)]


@echo.handler()
async def nap(ctx: Context, milliseconds: int) -> str:
    await ctx.sleep(timedelta(milliseconds=milliseconds))
    return "rested"


@echo.handler()
async def wait(ctx: Context) -> str:
    _, result = ctx.awakeable(type_hint=str)
    return await result


@echo.handler()
async def refuse(ctx: Context) -> None:
    raise TerminalError("teapot", status_code=418, metadata={"k": "v"})


@echo.handler()
async def call_echo(ctx: Context, value: str) -> str:
    return await ctx.service_call(echo_back, arg=value)


@echo.handler()
async def call_wait(ctx: Context) -> str:
    return await ctx.service_call(wait, arg=None)


@echo.handler()
async def send_wait(ctx: Context) -> str:
    handle = ctx.service_send(wait, arg=None)
    invocation_id = await handle.invocation_id()
    await ctx.sleep(timedelta(days=1))
    return invocation_id


@echo.handler()
async def resolve(ctx: Context, awakeable_id: str) -> None:
    ctx.resolve_awakeable(awakeable_id, "from a handler")


@echo.handler()
async def attach(ctx: Context, invocation_id: str) -> str:
    return await ctx.attach_invocation(invocation_id, type_hint=str)


@counter.handler()
async def add(ctx: ObjectContext, amount: int) -> int:
    total = (await ctx.get("total", type_hint=int) or 0) + amount
    ctx.set("total", total)
    return total


@counter.handler()
async def add_then_wait(ctx: ObjectContext, amount: int) -> str:
    ctx.set("total", (await ctx.get("total", type_hint=int) or 0) + amount)
    _, result = ctx.awakeable(type_hint=str)
    return await result


@counter.handler(kind="shared")
async def total(ctx: ObjectSharedContext) -> int | None:
    return await ctx.get("total", type_hint=int)


@approval.main()
async def run(ctx: WorkflowContext) -> str:
    return await ctx.promise("decision", type_hint=str).value()


@approval.handler()
async def decide(ctx: WorkflowSharedContext, decision: str) -> None:
    await ctx.promise("decision", type_hint=str).resolve(decision)


@approval.handler()
async def peek(ctx: WorkflowSharedContext) -> str | None:
    return await ctx.promise("decision", type_hint=str).peek()
