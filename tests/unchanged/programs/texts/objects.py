"""Objects: state machines, limits, queues, feeds, memory."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypedDict

import restate

# ---------------------------------------------------------------- 9: a machine with states

machines = restate.VirtualObject("ObjectMachines")
MOVES = {("down", "up"): "up", ("up", "down"): "down"}


@machines.handler()
async def move(ctx: restate.ObjectContext, wanted: str) -> str:
    state = await ctx.get("state", type_hint=str) or "down"
    if (state, wanted) not in MOVES:
        return f"is {state}"

    async def turn() -> str:
        return f"turned {wanted}"

    turned = await ctx.run_typed(f"turn {wanted}", turn)
    ctx.set("state", MOVES[state, wanted])
    return turned


# ---------------------------------------------------------------- 10: a bucket of tokens


class Bucket(TypedDict):
    tokens: float
    at: float


limits = restate.VirtualObject("ObjectLimits")


@limits.handler()
async def take(ctx: restate.ObjectContext, tokens: int) -> bool:
    now = await ctx.time()
    bucket = await ctx.get("bucket", type_hint=Bucket) or {"tokens": 5.0, "at": now}
    filled = min(5.0, bucket["tokens"] + (now - bucket["at"]) / 3600)
    allowed = filled >= tokens
    ctx.set("bucket", {"tokens": filled - tokens if allowed else filled, "at": now})
    return allowed


# ---------------------------------------------------------------- 11: a queue by priority, with one worker


class Entry(TypedDict):
    priority: int
    awakeable: str


queues = restate.VirtualObject("ObjectQueues")


@queues.handler()
async def enter(ctx: restate.ObjectContext, entry: Entry) -> int:
    waiting = await ctx.get("waiting", type_hint=list[Entry]) or []
    waiting.append(entry)
    ctx.set("waiting", sorted(waiting, key=lambda one: -one["priority"]))
    return len(waiting)


@queues.handler()
async def admit(ctx: restate.ObjectContext) -> int:
    waiting = await ctx.get("waiting", type_hint=list[Entry]) or []
    if waiting:
        ctx.resolve_awakeable(waiting[0]["awakeable"], waiting[0]["priority"])
        ctx.set("waiting", waiting[1:])
    return len(waiting)


guests = restate.Service("ObjectGuests")


@guests.handler()
async def visit(ctx: restate.Context, ticket: dict[str, Any]) -> int:
    awakeable_id, admitted = ctx.awakeable(type_hint=int)
    entry: Entry = {"priority": ticket["priority"], "awakeable": awakeable_id}
    await ctx.object_call(enter, key=ticket["queue"], arg=entry)
    return await admitted


# ---------------------------------------------------------------- 12: a feed of events, enriched one after the other

feeds = restate.VirtualObject("ObjectFeeds")


@feeds.handler()
async def publish(ctx: restate.ObjectContext, post: dict[str, str]) -> str:
    async def moderate() -> str:
        return post["text"].replace("darn", "****")

    text = await ctx.run_typed("moderate", moderate)
    ctx.object_send(index, key=ctx.key() + "-index", arg=text)
    posts = await ctx.get("posts", type_hint=list[str]) or []
    ctx.set("posts", [*posts, text])
    return text


@feeds.handler()
async def index(ctx: restate.ObjectContext, text: str) -> None:
    for word in sorted(set(text.split())):
        ctx.set(f"word-{word}", (await ctx.get(f"word-{word}", type_hint=int) or 0) + 1)


@feeds.handler(kind="shared")
async def words(ctx: restate.ObjectSharedContext) -> list[Any]:
    return [[key, await ctx.get(key)] for key in sorted(await ctx.state_keys())]


@feeds.handler()
async def forget(ctx: restate.ObjectContext, word: str | None) -> int | None:
    if word:
        ctx.clear(f"word-{word}")
    else:
        ctx.clear_all()
    return await ctx.get(f"word-{word}", type_hint=int)


# ---------------------------------------------------------------- 13: a job that runs again and again

jobs = restate.VirtualObject("ObjectJobs")


@jobs.handler()
async def tick(ctx: restate.ObjectContext, times: int) -> int:
    count = (await ctx.get("count", type_hint=int) or 0) + 1
    ctx.set("count", count)
    if count < times:
        ctx.object_send(tick, key=ctx.key(), arg=times, send_delay=timedelta(milliseconds=10))
    return count


@jobs.handler(kind="shared")
async def count(ctx: restate.ObjectSharedContext) -> int | None:
    return await ctx.get("count", type_hint=int)


SERVICES = [machines, limits, queues, guests, feeds, jobs]
