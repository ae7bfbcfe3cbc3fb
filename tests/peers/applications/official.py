"""What the official Python SDK serves to the embedded runtime; `official.mjs` is the same in JavaScript."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import restate
from restate.exceptions import TerminalError

steps = restate.Service("Steps")
counter = restate.VirtualObject("Counter")
mailbox = restate.VirtualObject("Mailbox")
approval = restate.Workflow("Approval")


@steps.handler()
async def greet(ctx: restate.Context, name: str) -> str:
    return f"Hello {name}!"


@steps.handler()
async def draw(ctx: restate.Context, count: int) -> list[list[str]]:
    """Draw random values in runs and return them twice: suspension and replay must not change them."""
    drawn: list[str] = [
        await ctx.run_typed(f"draw {number}", lambda: str(uuid.uuid4())) for number in range(count)
    ]
    await ctx.object_call(put, "drawn", drawn)
    await ctx.sleep(timedelta(milliseconds=20))
    return [drawn, await ctx.object_call(take, "drawn", None)]


@steps.handler()
async def fail(ctx: restate.Context, reason: str) -> None:
    raise TerminalError(reason, status_code=418)


@steps.handler("waitFor")
async def wait_for(ctx: restate.Context, box: str) -> dict[str, str]:
    identifier, promise = ctx.awakeable(type_hint=str)
    await ctx.object_call(put, box, [identifier])
    try:
        return {"value": await promise}
    except TerminalError as error:
        return {"failed": error.message}


@steps.handler()
async def sleep(ctx: restate.Context, milliseconds: int) -> str:
    await ctx.sleep(timedelta(milliseconds=milliseconds))
    return "slept"


@steps.handler("cleanUp")
async def clean_up(ctx: restate.Context, box: str) -> None:
    """Wait forever, and clean up when cancelled."""
    identifier, promise = ctx.awakeable(type_hint=str)
    await ctx.object_call(put, box, [identifier])
    try:
        await promise
    except TerminalError:
        await ctx.object_call(put, f"{box}-tidied", ["yes"])
        raise


@steps.handler()
async def parent(ctx: restate.Context, box: str) -> None:
    """Wait for a child, which is cancelled along with it."""
    await ctx.service_call(clean_up, box)


@steps.handler()
async def fan(ctx: restate.Context, key: str) -> list[int]:
    """Call, send, and send later."""
    ctx.object_send(add, key, 1)
    ctx.object_send(add, key, 10, send_delay=timedelta(milliseconds=50))
    futures = [ctx.object_call(add, f"{key}-{number}", number) for number in (1, 2, 3)]
    return [await future for future in futures]


@steps.handler("sideBySide")
async def side_by_side(ctx: restate.Context, count: int) -> list[int]:
    """Wait for runs in tasks of their own."""

    async def task(number: int) -> int:
        return await ctx.run_typed(f"run {number}", lambda: number)

    return list(await asyncio.gather(*map(task, range(count))))


@counter.handler()
async def add(ctx: restate.ObjectContext, amount: int) -> int:
    total = (await ctx.get("total", type_hint=int) or 0) + amount
    ctx.set("total", total)
    return total


@counter.handler()
async def reset(ctx: restate.ObjectContext) -> None:
    ctx.clear_all()


@counter.handler(kind="shared")
async def read(ctx: restate.ObjectSharedContext) -> dict[str, int | list[str]]:
    return {
        "total": await ctx.get("total", type_hint=int) or 0,
        "keys": sorted(await ctx.state_keys()),
    }


@mailbox.handler()
async def put(ctx: restate.ObjectContext, letters: list[str]) -> None:
    ctx.set("letters", letters)


@mailbox.handler()
async def take(ctx: restate.ObjectContext, _nothing: None) -> list[str]:
    return await ctx.get("letters", type_hint=list[str]) or []


@approval.main()
async def run(ctx: restate.WorkflowContext, subject: str) -> str:
    ctx.set("subject", subject)
    return f"{subject}: {await ctx.promise('answer', type_hint=str).value()}"


@approval.handler("answer")
async def give_answer(ctx: restate.WorkflowSharedContext, answer: str) -> None:
    await ctx.promise("answer", type_hint=str).resolve(answer)


@approval.handler()
async def status(ctx: restate.WorkflowSharedContext, _nothing: None) -> list[str | None]:
    return [await ctx.get("subject", type_hint=str), await ctx.promise("answer", type_hint=str).peek()]


app = restate.app([steps, counter, mailbox, approval])
