"""Handlers that the fault rounds run: workflows that wait, count, sleep and call."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Self, TypedDict

import awaken as restate

from tests.e2e.services.outside import record

#: Its attempts stay open while they wait.
job = restate.Workflow("Job")
#: The same, but its attempts suspend soon.
shelved = restate.Workflow("Shelved", inactivity_timeout=timedelta(milliseconds=200))
counter = restate.VirtualObject("Counter")
teller = restate.Service("Teller")


class Request(TypedDict):
    effects: str
    counter: str
    pause_ms: int


class Answer(TypedDict):
    """What a workflow was told, and the tokens of the executions whose results were stored."""

    told: str
    acted: str
    paid: str
    id: str


@shelved.main()
@job.main()
async def run(ctx: restate.WorkflowContext, request: Request) -> Answer:
    """Wait for an answer from outside, between calls, a timer and two effects."""
    path, key = request["effects"], ctx.key()
    with Attempt(path, f"job {key}") as attempt:
        awakeable = ctx.awakeable(type_hint=str)
        await ctx.run_typed("hand out", record, path=path, word="id", value=f"{key} {awakeable.id}")
        await ctx.object_call(add, key=request["counter"], arg=1)
        await ctx.sleep(timedelta(milliseconds=request["pause_ms"]))
        told = await awakeable
        acted = await ctx.run_typed("act", attempt.act, word="act", key=key)
        record(path, "stored", f"act {key} {acted}")
        later = timedelta(milliseconds=request["pause_ms"])
        ctx.object_send(add, key=request["counter"], arg=1, send_delay=later)
        payment: Payment = {"effects": path, "key": key}
        paid = await ctx.service_call(pay, arg=payment)
        await ctx.object_call(add, key=request["counter"], arg=1)
        return {"told": told, "acted": acted, "paid": paid, "id": awakeable.id}


class Payment(TypedDict):
    effects: str
    key: str


@teller.handler()
async def pay(ctx: restate.Context, payment: Payment) -> str:
    path, key = payment["effects"], payment["key"]
    with Attempt(path, f"payment {key}") as attempt:
        paid = await ctx.run_typed("pay", attempt.act, word="pay", key=key)
        record(path, "stored", f"pay {key} {paid}")
        return paid


@counter.handler()
async def add(ctx: restate.ObjectContext, amount: int) -> int:
    total = (await ctx.get("total", type_hint=int) or 0) + amount
    ctx.set("total", total)
    return total


@counter.handler(kind="shared")
async def total(ctx: restate.ObjectSharedContext) -> int:
    return await ctx.get("total", type_hint=int) or 0


class Attempt:
    """Records when an attempt enters and leaves its handler; one whose process is killed does not leave.

    Args:
        path: the file for the lines.
        invocation: two words that name the invocation.
    """

    def __init__(self, path: str, invocation: str) -> None:
        self._path = path
        self._id = uuid.uuid4().hex
        self._invocation = invocation

    def act(self, word: str, key: str) -> str:
        """Have an effect outside, and return the token of this execution of it."""
        token = uuid.uuid4().hex
        record(self._path, word, f"{key} {token} {self._id}")
        return token

    def __enter__(self) -> Self:
        record(self._path, "enter", f"{self._invocation} {self._id} {time.time()}")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        how = "returned" if kind is None else kind.__name__
        record(self._path, "leave", f"{self._id} {time.time()} {how}")


app = restate.app([job, shelved, counter, teller])
