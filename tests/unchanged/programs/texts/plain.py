"""Services: chance, combinators, payloads, headers, retries, calls by name, fans."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import msgspec
import restate
from pydantic import BaseModel
from restate.exceptions import TerminalError
from restate.serde import BytesSerde, JsonSerde

# ---------------------------------------------------------------- 14: chance and time are the same in each replay

chances = restate.Service("PlainChances")


@chances.handler()
async def draw(ctx: restate.Context) -> list[bool]:
    first = (ctx.random().randint(0, 10**9), str(ctx.uuid()), await ctx.time())
    stored = await ctx.run_typed("store", lambda: list(first), restate.RunOptions(type_hint=list[Any]))
    await ctx.sleep(timedelta(milliseconds=30))  # replays compare with what was stored
    second = await ctx.run_typed("again", lambda: list(first), restate.RunOptions(type_hint=list[Any]))
    return [stored == second, second == list(first), len({*map(str, first)}) == 3]


# ---------------------------------------------------------------- 15: futures side by side

combined = restate.Service("PlainCombined")


@combined.handler()
async def double(ctx: restate.Context, number: int) -> int:
    return number * 2


@combined.handler()
async def fan(ctx: restate.Context, numbers: list[int]) -> dict[str, Any]:
    calls = [ctx.service_call(double, arg=number) for number in numbers]
    gathered = [await done for done in await restate.gather(*calls)]
    naps = {ms: ctx.sleep(timedelta(milliseconds=ms)) for ms in (40, 5)}
    order = []
    async for done in restate.as_completed(*naps.values()):
        order += [ms for ms, nap in naps.items() if nap is done]
    _, never = ctx.awakeable(type_hint=str)
    completed, waiting = await restate.wait_completed(ctx.sleep(timedelta(milliseconds=1)), never)
    return {"sum": sum(gathered), "order": order, "completed": len(completed), "waiting": len(waiting)}


# ---------------------------------------------------------------- 16: calls by name

generic = restate.Service("PlainGeneric")


@generic.handler()
async def by_name(ctx: restate.Context, number: int) -> list[Any]:
    answer = await ctx.generic_call("PlainCombined", "double", json.dumps(number).encode())
    sent = ctx.generic_send("PlainGeneric", "sink", b'"late"', send_delay=timedelta(milliseconds=1))
    found = await ctx.attach_invocation(await sent.invocation_id(), type_hint=str)
    try:
        await ctx.generic_call("PlainGeneric", "refuse", b"{}")
    except TerminalError as error:
        return [json.loads(answer), found, error.status_code, error.message]
    return []


@generic.handler()
async def sink(ctx: restate.Context, text: str) -> str:
    return f"got {text}"


@generic.handler()
async def refuse(ctx: restate.Context, _: dict[str, Any]) -> None:
    raise TerminalError("refused", status_code=451)


# ---------------------------------------------------------------- 17: payloads


class Order(BaseModel):
    item: str
    count: int = 1


class Line(msgspec.Struct):
    item: str
    price: float


payloads = restate.Service("PlainPayloads")


@payloads.handler()
async def model(ctx: restate.Context, order: Order) -> Order:
    async def again() -> Order:
        return Order(item=order.item.upper(), count=order.count + 1)

    return await ctx.run_typed("again", again)


@payloads.handler()
async def struct(ctx: restate.Context, line: Line) -> Line:
    return Line(line.item + "!", line.price * 2)


@payloads.handler(
    accept="application/octet-stream",
    content_type="application/octet-stream",
    input_serde=BytesSerde(),
    output_serde=BytesSerde(),
)
async def reverse(ctx: restate.Context, data: bytes) -> bytes:
    return data[::-1]


@payloads.handler(input_serde=JsonSerde(), output_serde=JsonSerde())
async def anything(ctx: restate.Context, value: Any) -> Any:
    return {"got": value}


@payloads.handler()
async def optional(ctx: restate.Context, order: Order | None) -> str | None:
    return None if order is None else order.item


@payloads.handler()
async def nothing(ctx: restate.Context) -> None:
    await ctx.run_typed("nothing", lambda: None)


# ---------------------------------------------------------------- 18: headers

headers = restate.Service("PlainHeaders")


@headers.handler()
async def show(ctx: restate.Context) -> list[str]:
    given = ctx.request().headers
    return [f"{name}: {given[name]}" for name in sorted(given) if name.startswith("x-shop")]


@headers.handler()
async def forward(ctx: restate.Context) -> list[str]:
    return await ctx.service_call(show, arg=None, headers={"x-shop-by": "forward"})


# ---------------------------------------------------------------- 19: retries

flaky = restate.Service("PlainFlaky")
ATTEMPTS: dict[str, list[int]] = {}


@flaky.handler()
async def try_hard(ctx: restate.Context, times: int) -> list[Any]:
    attempts = ATTEMPTS.setdefault(ctx.request().id, [])  # the process remembers, the handler begins anew

    async def attempt() -> int:
        attempts.append(1)
        if len(attempts) < times:
            raise ConnectionError(f"attempt {len(attempts)}")
        return len(attempts)

    options = restate.RunOptions[int](max_attempts=3, initial_retry_interval=timedelta(milliseconds=1))
    try:
        return ["ok", await ctx.run_typed("attempt", attempt, options)]
    except TerminalError as error:
        return ["gave up", error.status_code, len(attempts)]


# ---------------------------------------------------------------- 20: the same request twice

twice = restate.Service("PlainTwice")


@twice.handler()
async def once(ctx: restate.Context, name: str) -> str:
    return f"{name} {ctx.uuid()}"


@twice.handler()
async def both(ctx: restate.Context, name: str) -> bool:
    first = ctx.service_call(once, arg=name, idempotency_key=f"key-{ctx.request().id}")
    second = ctx.service_call(once, arg=name, idempotency_key=f"key-{ctx.request().id}")
    return await first == await second


# ---------------------------------------------------------------- 21: a chain of steps that hand on

chain = restate.Service("PlainChain")


@chain.handler()
async def ingest(ctx: restate.Context, lines: list[str]) -> str:
    cleaned = await ctx.service_call(clean, arg=lines)
    ctx.service_send(archive, arg=cleaned)
    return f"{len(cleaned)} of {len(lines)}"


@chain.handler()
async def clean(ctx: restate.Context, lines: list[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]


@chain.handler()
async def archive(ctx: restate.Context, lines: list[str]) -> None:
    for line in lines:
        await ctx.run_typed(f"archive {line}", lambda: None)


# ---------------------------------------------------------------- 22: work in the background, awaited by another

tasks = restate.Service("PlainTasks")


@tasks.handler()
async def long(ctx: restate.Context, ms: int) -> str:
    await ctx.sleep(timedelta(milliseconds=ms))
    if ms > 1000:
        return "never"
    return f"took {ms}"


@tasks.handler()
async def supervise(ctx: restate.Context, ms: int) -> list[Any]:
    running = ctx.service_send(long, arg=ms)
    invocation_id = await running.invocation_id()
    if ms > 1000:
        ctx.cancel_invocation(invocation_id)
    try:
        return ["ok", await ctx.attach_invocation(invocation_id, type_hint=str)]
    except TerminalError as error:
        return ["failed", error.status_code, error.message]


# ---------------------------------------------------------------- 23: a call that is cancelled while it runs


@tasks.handler()
async def give_up(ctx: restate.Context) -> list[Any]:
    call = ctx.service_call(long, arg=5000)
    match await restate.select(call=call, timeout=ctx.sleep(timedelta(milliseconds=5))):
        case ["timeout", _]:
            await call.cancel_invocation()
    try:
        return [await call]
    except TerminalError as error:
        return ["cancelled", error.status_code, error.message]


SERVICES = [chances, combined, generic, payloads, headers, flaky, twice, chain, tasks]
