"""Large values: each handler returns the checksum of what it received."""

from __future__ import annotations

import random
import zlib

import awaken as restate

from tests.e2e.services.outside import record

bulk = restate.Service("Bulk")
store = restate.VirtualObject("BulkStore")


def produce(size: int) -> bytes:
    """Make bytes that cannot be shortened by JSON or compression, and depend only on the size."""
    return random.Random(size).randbytes(size)


@bulk.handler()
async def weigh(ctx: restate.Context, body: bytes) -> int:
    return zlib.crc32(body)


@bulk.handler()
async def make(ctx: restate.Context, size: int) -> bytes:
    return produce(size)


@bulk.handler()
async def pass_on(ctx: restate.Context, size: int) -> list[int]:
    """Send a large value through a run, a call and back, in one journal."""
    made = await ctx.run_typed("produce", produce, restate.RunOptions(type_hint=bytes), size=size)
    weighed = await ctx.service_call(weigh, made)
    returned = await ctx.service_call(make, size)
    return [zlib.crc32(made), weighed, zlib.crc32(returned)]


@bulk.handler()
async def receive(ctx: restate.Context, effects: str) -> list[int]:
    """Wait for an awakeable with a large run and a large awakeable in the journal already."""
    size = 3_000_000
    made = await ctx.run_typed("produce", produce, restate.RunOptions(type_hint=bytes), size=size)
    sums = [zlib.crc32(made)]
    for word in ("first", "second"):
        id_, future = ctx.awakeable(type_hint=bytes)
        await ctx.run_typed(f"hand out {word}", record, path=effects, word=word, value=id_)
        sums.append(zlib.crc32(await future))
    return sums


@store.handler()
async def keep(ctx: restate.ObjectContext, body: bytes) -> int:
    """Store a value, and return the checksum of the previous one."""
    before = await ctx.get("body", type_hint=bytes)
    ctx.set("body", body)
    return zlib.crc32(before or b"")
