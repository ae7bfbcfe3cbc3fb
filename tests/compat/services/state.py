"""State of objects: every operation, with and without a name, read eagerly and lazily."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from tests.compat.sdk import named, restate, serde

eager = restate.VirtualObject(named("Eager"))
lazy = restate.VirtualObject(named("Lazy"), enable_lazy_state=True)


class Profile(BaseModel):
    name: str
    tags: list[str] = []


async def exercise(ctx: restate.ObjectContext) -> list[Any]:
    before = [await ctx.get("missing"), sorted(await ctx.state_keys())]
    ctx.set("text", "ü")
    ctx.set("none", None)
    ctx.set("bytes", b"\x00\xff", serde=serde.BytesSerde())
    ctx.set("profile", Profile(name="Ada", tags=["x"]))
    ctx.set("number", 1.5)
    seen = [
        await ctx.get("text", type_hint=str),
        await ctx.get("none"),
        (await ctx.get("bytes", serde=serde.BytesSerde()) or b"").hex(),
        (await ctx.get("profile", type_hint=Profile) or Profile(name="nobody")).name,
        await ctx.get("number"),
        sorted(await ctx.state_keys()),
    ]
    ctx.clear("text")
    after_one = [await ctx.get("text"), sorted(await ctx.state_keys())]
    ctx.clear_all()
    return [before, seen, after_one, sorted(await ctx.state_keys()), ctx.key()]


@eager.handler("exercise")
async def exercise_eagerly(ctx: restate.ObjectContext) -> list[Any]:
    return await exercise(ctx)


@lazy.handler("exercise")
async def exercise_lazily(ctx: restate.ObjectContext) -> list[Any]:
    return await exercise(ctx)


@eager.handler()
async def put(ctx: restate.ObjectContext, values: dict[str, Any]) -> None:
    for name, value in values.items():
        ctx.set(name, value)


@eager.handler(kind="shared")
async def look(ctx: restate.ObjectSharedContext) -> dict[str, Any]:
    return {name: await ctx.get(name) for name in sorted(await ctx.state_keys())}
