"""Waits: payments by webhook, sign-ups, deadlines, callbacks, time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypedDict

import restate

# ---------------------------------------------------------------- 4: a payment that a webhook confirms


class Payment(TypedDict):
    id: str
    amount: int


payments = restate.VirtualObject("WaitPayments")


@payments.handler()
async def pay(ctx: restate.ObjectContext, payment: Payment) -> dict[str, Any]:
    awakeable_id, confirmation = ctx.awakeable(type_hint=dict[str, Any])

    async def submit() -> str:
        return f"submitted {payment['amount']}"

    submitted = await ctx.run_typed("submit", submit)
    ctx.set("pending", awakeable_id)
    try:
        confirmed = await confirmation
    except restate.TerminalError as error:
        ctx.clear("pending")
        return {"submitted": submitted, "rejected": error.message}
    ctx.clear("pending")
    return {"submitted": submitted, **confirmed}


@payments.handler(kind="shared")
async def pending(ctx: restate.ObjectSharedContext) -> str | None:
    return await ctx.get("pending", type_hint=str)


@payments.handler(kind="shared")
async def webhook(ctx: restate.ObjectSharedContext, event: dict[str, Any]) -> bool:
    awakeable_id = await ctx.get("pending", type_hint=str)
    if awakeable_id is None:
        return False
    if event["type"] == "ok":
        ctx.resolve_awakeable(awakeable_id, event)
    else:
        ctx.reject_awakeable(awakeable_id, event["reason"])
    return True


# ---------------------------------------------------------------- 5: a sign-up that waits for a click

signups = restate.Workflow("WaitSignups")


@signups.main()
async def run(ctx: restate.WorkflowContext, email: str) -> list[Any]:
    secret = str(ctx.uuid())
    ctx.set("secret", secret)
    ctx.set("stage", "mail sent")
    clicked = await ctx.promise("click", type_hint=str).value()
    ctx.set("stage", "done")
    return [email, clicked == secret, await ctx.promise("later", type_hint=str).peek()]


@signups.handler()
async def click(ctx: restate.WorkflowSharedContext, secret: str) -> None:
    await ctx.promise("click", type_hint=str).resolve(secret)


@signups.handler()
async def stage(ctx: restate.WorkflowSharedContext) -> list[Any]:
    return [await ctx.get("stage", type_hint=str), await ctx.get("secret", type_hint=str)]


@signups.handler()
async def refuse(ctx: restate.WorkflowSharedContext, reason: str) -> None:
    await ctx.promise("click", type_hint=str).reject(reason, code=422)


# ---------------------------------------------------------------- 6: an answer or a deadline

deadlines = restate.Service("WaitDeadlines")


@deadlines.handler()
async def race(ctx: restate.Context, ms: int) -> list[str]:
    _, answer = ctx.awakeable(type_hint=str)
    other = ctx.sleep(timedelta(milliseconds=20), name="other")
    match await restate.select(answer=answer, timeout=ctx.sleep(timedelta(milliseconds=ms)), other=other):
        case ["answer", value]:
            return ["answer", value]
        case [name, _]:
            return ["late", name]
    return []


# ---------------------------------------------------------------- 7: two handlers that talk through awakeables

callbacks = restate.Service("WaitCallbacks")


@callbacks.handler()
async def start(ctx: restate.Context, name: str) -> str:
    awakeable_id, answer = ctx.awakeable(type_hint=str)
    ctx.service_send(work, arg={"name": name, "reply": awakeable_id}, send_delay=timedelta(milliseconds=5))
    return await answer


@callbacks.handler()
async def work(ctx: restate.Context, job: dict[str, str]) -> None:
    if job["name"] == "bad":
        ctx.reject_awakeable(job["reply"], "bad job", failure_code=418)
    else:
        ctx.resolve_awakeable(job["reply"], f"done {job['name']}")


# ---------------------------------------------------------------- 8: sleeps, in order and side by side

sleepers = restate.Service("WaitSleepers")


@sleepers.handler()
async def doze(ctx: restate.Context, delays: list[int]) -> list[str]:
    naps = {
        str(ms): ctx.sleep(timedelta(milliseconds=ms), name=f"nap {ms}")
        for ms in sorted(delays, reverse=True)
    }
    order = []
    while naps:
        name, _ = await restate.select(**naps)
        order.append(name)
        del naps[name]
    return order


SERVICES = [payments, signups, deadlines, callbacks, sleepers]
